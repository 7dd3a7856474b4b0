"""The probe: a program that attacks from inside a guest's confinement; standard library only."""
