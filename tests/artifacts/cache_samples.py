"""What tests put into the cache of artifacts; imported by processes that they start, so without pytest."""

import hashlib
from datetime import UTC, datetime

from mbench.artifacts.cache import ArtifactCache, CachedArtifact
from mbench.core.workloads import ArtifactFacts

DIGEST = "a" * 64
OTHER = "b" * 64
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
DATA = b"not really a model" * 100


def facts_of(data: bytes) -> ArtifactFacts:
    return ArtifactFacts(
        name="mobilenet_v1_0.25_128_fp32",
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        mult_adds=13_570_048,
        parameters=467_336,
        activation_bytes=None,
        recipe=DIGEST,
    )


def put(cache: ArtifactCache, digest: str = DIGEST, data: bytes = DATA, at: datetime = NOON) -> CachedArtifact:
    return cache.put(digest, data, facts_of(data), recipe={"quantization": "fp32"}, created_at=at, build_s=1.5)
