"""Identity providers: one file each speaks the protocol of one of them."""
