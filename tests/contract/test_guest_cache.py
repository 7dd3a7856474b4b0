"""`api.cache` in a guest: Auth0's limits and codes, in both languages."""

from __future__ import annotations

import json

from tests.guests import NewGuest, in_both_languages, invocation, texts

CACHE = {
    "python": """
        import json, time
        async def on_execute_post_login(event, api):
            cache = api.cache
            if event.get("second"):
                print(cache.get("kept").value)
                return
            said = [
                cache.set("k" * 65, "v"), cache.set("k", "v" * 4097), cache.set(7, "v"),
                cache.set("k", 7), cache.set("k", "v", {"ttl": "long"}),
                cache.set("k", "v", ttl=float("nan")), cache.set("k", "v", {"expires_at": 1}),
                cache.delete("none"),
            ]
            print(json.dumps([result.code for result in said]))
            assert cache.set("kept", "v").type == "success"
            left = cache.get("kept").expires_at - time.time() * 1000
            assert 899_000 < left <= 900_000, left
            longest = cache.set("kept", "w", ttl=1e12).record.expires_at
            assert longest <= time.time() * 1000 + 86_400_000
            assert cache.get("none") is None
            assert cache.set("short", "v", ttl=20).type == "success"
            time.sleep(0.03)
            assert cache.get("short") is None
            assert cache.set("gone", "v").type == cache.delete("gone").type == "success"
            assert [cache.set(f"e{n}", "").type for n in range(19)] == ["success"] * 19
            print(cache.set("one more", "").code)
            for n in range(19):
                cache.delete(f"e{n}")
            assert cache.set("big", "v" * 4096).type == "success"
            print(cache.set("big2", "v" * 4096).code)
        """,
    "javascript": """
        const assert = require("node:assert");
        exports.onExecutePostLogin = async (event, { cache }) => {
          if (event.second) return console.log(cache.get("kept").value);
          const said = [
            cache.set("k".repeat(65), "v"), cache.set("k", "v".repeat(4097)), cache.set(7, "v"),
            cache.set("k", 7), cache.set("k", "v", { ttl: "long" }),
            cache.set("k", "v", { ttl: NaN }), cache.set("k", "v", { expires_at: 1 }),
            cache.delete("none"),
          ];
          console.log(JSON.stringify(said.map((result) => result.code)));
          assert.equal(cache.set("kept", "v").type, "success");
          const left = cache.get("kept").expires_at - Date.now();
          assert(899_000 < left && left <= 900_000, left);
          const longest = cache.set("kept", "w", { ttl: 1e12 }).record.expires_at;
          assert(longest <= Date.now() + 86_400_000);
          assert.equal(cache.get("none"), undefined);
          assert.equal(cache.set("short", "v", { ttl: 20 }).type, "success");
          await new Promise((resolve) => setTimeout(resolve, 30));
          assert.equal(cache.get("short"), undefined);
          assert.equal(cache.set("gone", "v").type, "success");
          assert.equal(cache.delete("gone").type, "success");
          for (let n = 0; n < 19; n++) assert.equal(cache.set(`e${n}`, "").type, "success");
          console.log(cache.set("one more", "").code);
          for (let n = 0; n < 19; n++) cache.delete(`e${n}`);
          assert.equal(cache.set("big", "v".repeat(4096)).type, "success");
          console.log(cache.set("big2", "v".repeat(4096)).code);
        };
        """,
}


@in_both_languages
async def test_the_cache_answers_auth0s_codes_and_never_raises(
    new_guest: NewGuest, language: str
) -> None:
    """Limits, expiry and deletion; the store is shared by the runs of one guest."""
    guest = new_guest(CACHE, language=language)
    outcome = await guest.run(invocation())
    assert outcome.error is None
    codes = [
        "CacheKeySizeExceeded",
        "CacheValueSizeExceeded",
        "FailedToSetCacheRecord",
        "FailedToSetCacheRecord",
        "InvalidExpiry",
        "InvalidExpiry",
        "ItemAlreadyExpired",
        "CacheKeyDoesNotExist",
    ]
    assert json.loads(texts(outcome)[0]) == codes
    assert texts(outcome)[1:] == ["CacheSizeExceeded", "CacheSizeExceeded"]
    assert outcome.commands == ()
    assert texts(await guest.run(invocation({"second": True}))) == ["w"]
