#!/usr/bin/env python3
"""The VRF of RFC 9381, suite 3, written again from the RFC, and compared.

    differential.py PROGRAM [CASES]

PROGRAM (vrf_tool.cc) proves and judges with verifier/. This proves and judges
with integers and nothing else: proofs must be equal byte for byte, and both must
accept and refuse the same, also where proofs and keys are bent. Not for use:
nothing here takes constant time.
"""

import hashlib
import random
import subprocess
import sys

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
ZERO = (0, 1, 1, 0)
SUITE = b"\x03"


def add(p, r):
    """In extended coordinates (RFC 8032, 5.1.4)."""
    a = (p[1] - p[0]) * (r[1] - r[0]) % P
    b = (p[1] + p[0]) * (r[1] + r[0]) % P
    c = 2 * p[3] * r[3] * D % P
    d = 2 * p[2] * r[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(k, p):
    result = ZERO
    while k > 0:
        if k & 1:
            result = add(result, p)
        p = add(p, p)
        k >>= 1
    return result


def minus(p):
    return (-p[0] % P, p[1], p[2], -p[3] % P)


def encode(p):
    inverse = pow(p[2], P - 2, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(data):
    """The point, or None; only its one encoding will do."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == -u % P:
        x = x * SQRT_M1 % P
    if v * x * x % P != u:
        return None
    if x == 0 and sign:
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def sha512(*parts):
    return hashlib.sha512(b"".join(parts)).digest()


def little(data):
    return int.from_bytes(data, "little")


def curve_point(public, alpha):
    for counter in range(256):
        point = decode(sha512(SUITE, b"\x01", public, alpha, bytes([counter]), b"\x00")[:32])
        if point is not None:
            point = times(8, point)
            if encode(point) != encode(ZERO):
                return point
    raise AssertionError("no point")


def challenge(*points):
    return sha512(SUITE, b"\x02", *points, b"\x00")[:16]


def output(gamma):
    return sha512(SUITE, b"\x03", encode(times(8, gamma)), b"\x00")


def prove(seed, alpha):
    digest = bytearray(hashlib.sha512(seed).digest())
    digest[0] &= 0xF8
    digest[31] = digest[31] & 0x7F | 0x40
    x = little(digest[:32])
    public = encode(times(x, BASE))
    h = curve_point(public, alpha)
    gamma = times(x, h)
    k = little(sha512(bytes(digest[32:]), encode(h))) % Q
    c = challenge(public, encode(h), encode(gamma), encode(times(k, BASE)), encode(times(k, h)))
    s = (k + little(c) * x) % Q
    return public, encode(gamma) + c + s.to_bytes(32, "little"), output(gamma)


def verify(public, alpha, proof):
    """The output, or None."""
    y = decode(public)
    if y is None or encode(times(8, y)) == encode(ZERO) or len(proof) != 80:
        return None
    gamma, c, s = decode(proof[:32]), little(proof[32:48]), little(proof[48:])
    if gamma is None or s >= Q:
        return None
    h = curve_point(public, alpha)
    u = add(times(s, BASE), minus(times(c, y)))
    v = add(times(s, h), minus(times(c, gamma)))
    if challenge(public, encode(h), encode(gamma), encode(u), encode(v)) != proof[32:48]:
        return None
    return output(gamma)


def bent(rng, public, proof):
    """A key and a proof of which something may be wrong."""
    choice = rng.randrange(7)
    proof = bytearray(proof)
    if choice == 0:
        proof[rng.randrange(80)] ^= 1 << rng.randrange(8)
    elif choice == 1:  # the same s, spelled otherwise, if it fits
        proof[48:] = (little(proof[48:]) + Q).to_bytes(32, "little")
    elif choice == 2:  # a point of small order, or none, for Gamma
        proof[:32] = rng.choice([1, P - 1, P, P + 1, 0, 1 << 255, 2**255 - 1]).to_bytes(32, "little")
    elif choice == 3:
        public = rng.choice([1, P - 1, P, 0, 1 | 1 << 255, 2]).to_bytes(32, "little")
    elif choice == 4:
        proof[:32] = rng.randbytes(32)
    elif choice == 5:  # Gamma and a point of order 2
        proof[:32] = encode(add(decode(bytes(proof[:32])), (0, P - 1, 1, 0)))
    return public, bytes(proof)


def main():
    program, cases = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 60
    rng = random.Random(9381)
    lines, expected = [], []
    for case in range(cases):
        seed, alpha = rng.randbytes(32), rng.randbytes(rng.choice([0, 1, 31, 60, 200]))
        public, proof, beta = prove(seed, alpha)
        assert verify(public, alpha, proof) == beta
        lines.append(f"prove {seed.hex()} {alpha.hex()}")
        expected.append(f"{public.hex()} {proof.hex()} {beta.hex()}")
        for _ in range(2):
            key, other = bent(rng, public, proof)
            lines.append(f"verify {key.hex()} {alpha.hex()} {other.hex()}")
            seen = verify(key, alpha, other)
            expected.append("refused" if seen is None else seen.hex())
    found = subprocess.run(
        [program], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert len(found) == len(expected), (len(found), len(expected))
    wrong = [i for i in range(len(found)) if found[i] != expected[i]]
    for i in wrong[:5]:
        print(f"{lines[i]}\n  here     {expected[i]}\n  verifier {found[i]}")
    accepted = sum(1 for line, answer in zip(lines, expected) if line[0] == "v" and answer != "refused")
    refused = expected.count("refused")
    print(f"{cases} proofs, {accepted} accepted, {refused} refused, {len(wrong)} differ")
    if wrong or accepted == 0 or refused == 0:
        sys.exit(1)


main()
