#!/usr/bin/env python3
"""Makes statement_signatures.json: what a wallet for credentials and a passkey
sign, and what must not pass for it.

Usage: holders.py (in this folder; needs python3-cryptography). Two test holders
that share no code with the verifier: they follow RFC 9901, OpenID for Verifiable
Presentations 1.0, W3C WebAuthn Level 2 and docs/statements.md. ECDSA draws its
nonces at random, so each run gives other signatures.
"""

import base64
import hashlib
import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from make import FAMILY, GRANT, HEAD, SUBJECT, message, sha256, statement_hash

STATEMENT = message(HEAD + [(10, GRANT)])
ADMINISTRATION = 0


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def text(value):
    return json.dumps(value, separators=(",", ":"))


def point(key):
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def ec_key(name):
    return ec.derive_private_key(int.from_bytes(sha256(name.encode()), "big") >> 1, ec.SECP256R1())


def es256(key, data):
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def challenge_of(administration=ADMINISTRATION, family=FAMILY):
    return sha256(b"vidimus/v1 statement\n" + statement_hash(family, SUBJECT, administration, STATEMENT))


KEY, STRANGER, ISSUER = ec_key("wallet"), ec_key("stranger"), ec_key("issuer")
CHALLENGE = challenge_of()


# --- A wallet for credentials ---


def jws(key, header, claims):
    """Signs what it is given; texts are taken as they are."""
    signed = b64(header if isinstance(header, bytes) else text(header).encode()) + "." + \
        b64(claims if isinstance(claims, bytes) else text(claims).encode())
    return signed + "." + b64(es256(key, signed.encode()))


def credential():
    """An SD-JWT with one claim disclosed."""
    disclosure = b64(text(["6qMQvRL5haj", "family_name", "Example"]).encode())
    x, y = point(KEY)[1:33], point(KEY)[33:]
    issued = jws(ISSUER, {"alg": "ES256", "typ": "dc+sd-jwt"}, {
        "iss": "https://issuer.example", "vct": "urn:eudi:pid:1", "_sd_alg": "sha-256",
        "_sd": [b64(sha256(disclosure.encode()))],
        "cnf": {"jwk": {"kty": "EC", "crv": "P-256", "x": b64(x), "y": b64(y)}}})
    return issued + "~" + disclosure + "~"


PRESENTED = credential()


def transaction_data(challenge):
    """What the city's page asks for; the string itself is hashed."""
    return b64(text({"type": "urn:vidimus:statement:1", "credential_ids": ["resident"],
                     "transaction_data_hashes_alg": ["sha-256"], "challenge": b64(challenge)}).encode())


def claims(challenge=CHALLENGE, transactions=None, presented=PRESENTED):
    if transactions is None:
        transactions = [transaction_data(challenge)]
    return {"iat": 1767225600, "aud": "x509_san_dns:city.example", "nonce": b64(challenge),
            "sd_hash": b64(sha256(presented.encode())),
            "transaction_data_hashes": [b64(sha256(t.encode())) for t in transactions],
            "transaction_data_hashes_alg": "sha-256"}


HEADER = {"alg": "ES256", "typ": "kb+jwt"}


def changed(fields, *gone, **new):
    return {**{name: value for name, value in fields.items() if name not in gone}, **new}


CASES = []


def add(what, kind, signature, finding="Ok", part=None, signed=None, by=KEY, key=KEY, says=None):
    """`signed` is what ECDSA is asked about, and the signature, if it comes to that; `says` what else is read."""
    case = {"what": what, "kind": kind, "public_key": point(key).hex(), "signature": signature.hex(),
            "finding": finding}
    if part:
        case["part"] = part
    if signed:
        case["es256"] = {"message": signed[0].hex(), "signature": signed[1].hex(), "good": by is key}
    if says and finding == "Ok":
        case["says"] = says
    CASES.append(case)


def token(what, jwt, finding="Ok", part=None, asked=None, **more):
    if asked is None:
        asked = finding == "Ok"
    signed = None
    if asked:
        body, _, signature = jwt.rpartition(".")
        signed = (body.encode(), base64.urlsafe_b64decode(signature + "=="))
    says = None
    if finding == "Ok":
        payload = json.loads(base64.urlsafe_b64decode(jwt.split(".")[1] + "=="))
        says = {"aud": payload["aud"], "iat": payload["iat"]}
    add(what, 3, jwt.encode(), finding, part, signed, says=says, **more)


def key_binding_cases():
    good = claims()
    form = lambda what, part, header=HEADER, payload=good: token(
        what, jws(KEY, header, payload), "StatementSignatureForm", part)
    wrong = lambda what, payload: token(what, jws(KEY, HEADER, payload), "StatementSignature")

    jwt = jws(KEY, HEADER, good)
    token("a key-binding JWT", jwt)
    token("without the name of the hash, which then is sha-256",
          jws(KEY, HEADER, changed(good, "transaction_data_hashes_alg")))
    token("members that nobody asks for", jws(KEY, {**HEADER, "kid": "1"},
                                              {**good, "exp": 1767225900.5, "x": {"y": [1, None, True, {}], "z": []}}))
    token("slashes escaped, and a letter", jws(KEY, HEADER, text(changed(good, aud="https://city.example/x")).replace(
        "/", "\\/").replace("nonce", "\\u006Eonce").encode()))
    token("spaces and line ends", jws(KEY, b' {\r\n\t"typ" : "kb+jwt" ,\n"alg":"ES256"} ', json.dumps(
        good, indent=1).encode()))
    token("an SD-JWT hashed with SHA-512", jws(KEY, HEADER, changed(good, sd_hash=b64(
        hashlib.sha512(PRESENTED.encode()).digest()))))
    token("beyond the basic plane", jws(KEY, HEADER, changed(good, aud="city\U0001f3db")))

    form("of another type", "typ", changed(HEADER, typ="JWT"))
    form("of no type", "typ", changed(HEADER, "typ"))
    form("of a type in capitals", "typ", changed(HEADER, typ="KB+JWT"))
    for algorithm in ("none", "ES384", "EdDSA", "HS256", "es256", "", None, 7, ["ES256"]):
        form(f"by algorithm {algorithm}", "alg", changed(HEADER, alg=algorithm))
    form("by no algorithm", "alg", changed(HEADER, "alg"))
    form("with an extension that must be understood", "crit", {**HEADER, "crit": ["b64"], "b64": False})
    for name in ("iat", "aud", "nonce", "sd_hash", "transaction_data_hashes"):
        form(f"without {name}", name, payload=changed(good, name))
    for value in (-1, 1.5, "1767225600", None, 1 << 64, True):
        form(f"made at {value}", "iat", payload=changed(good, iat=value))
    form("made at a number with an exponent", "iat", payload=text(good).replace("1767225600", "1E9").encode())
    for value in ("", ["x509_san_dns:city.example"], None):
        form(f"for {value!r}", "aud", payload=changed(good, aud=value))
    form("a nonce that is a number", "nonce", payload=changed(good, nonce=7))
    for value in ("", b64(bytes(31)), b64(bytes(32)) + "=", b64(bytes(32))[:-1] + "B", "+" * 43, "*" * 43, None):
        form(f"sd_hash {value}", "sd_hash", payload=changed(good, sd_hash=value))
    for value in ([], good["transaction_data_hashes"] * 2, good["transaction_data_hashes"][0], [7], [None], {}):
        form(f"transaction_data_hashes {text(value)[:20]}", "transaction_data_hashes",
             payload=changed(good, transaction_data_hashes=value))
    for value in ("sha-512", "SHA-256", None, ["sha-256"]):
        form(f"transaction data hashed with {value}", "transaction_data_hashes_alg",
             payload=changed(good, transaction_data_hashes_alg=value))

    # What is no such JSON.
    def raw(what, payload):
        form(what, "claims", payload=payload)

    body = text(good).encode()
    raw("claims twice", body[:-1] + b',"aud":"x"}')
    raw("one name in two spellings", body[:-1] + b',"\\u0061ud":"x"}')
    raw("a name twice inside of a claim", body[:-1] + b',"x":[{"a":1,"a":2}]}')
    raw("a byte order mark", b"\xef\xbb\xbf" + body)
    raw("text that is not UTF-8", body[:-1] + b',"x":"\xc0\xaf"}')
    raw("half of a surrogate pair", body[:-1] + b',"x":"\\ud83c"}')
    raw("the other half", body[:-1] + b',"x":"\\udfdb"}')
    raw("a line end in a text", body[:-1] + b',"x":"\n"}')
    raw("an unknown escape", body[:-1] + b',"x":"\\x41"}')
    raw("a comma too much", body[:-1] + b",}")
    raw("a comma too few", body.replace(b',"aud"', b'"aud"'))
    raw("a comment", body + b"//")
    raw("two objects", body + body)
    raw("an open object", body[:-1])
    raw("a list of claims", b"[" + body + b"]")
    raw("a number that begins with zero", body[:-1] + b',"x":01}')
    raw("a number without digits", body[:-1] + b',"x":1.}')
    raw("not a number", body[:-1] + b',"x":NaN}')
    raw("single quotes", body.replace(b'"', b"'"))
    raw("nested too deep", body[:-1] + b',"x":' + b"[" * 8 + b"]" * 8 + b"}")
    raw("too many members", body[:-1] + b"".join(b',"%d":0' % i for i in range(60)) + b"}")
    raw("nothing", b"")
    form("a header that is no object", "header", b'"kb+jwt"')
    form("a header with a name twice", "header", b'{"alg":"none","typ":"kb+jwt","alg":"ES256"}')

    # What is no such token.
    bad = lambda what, part, jwt: token(what, jwt, "StatementSignatureForm", part)
    head, payload, signature = jwt.split(".")
    bad("empty", "compact form", "")
    bad("two parts", "compact form", head + "." + payload)
    bad("four parts", "compact form", jwt + "." + signature)
    bad("with the credential before it", "compact form", PRESENTED + jwt)
    bad("with padding", "header", head + "=." + payload + "." + signature)
    bad("with a line end", "signature", jwt + "\n")
    bad("with spare bits", "signature", jwt[:-1] + chr(ord(jwt[-1]) + 1))
    bad("without a signature", "signature", head + "." + payload + ".")
    bad("signed in DER", "signature", head + "." + payload + "." + b64(KEY.sign(b"x", ec.ECDSA(hashes.SHA256()))))
    bad("too long", "size", jwt + "A" * 16384)

    # Good tokens for something else.
    wrong("for another administration", claims(challenge_of(1)))
    wrong("for another family", claims(challenge_of(family=FAMILY + "x")))
    wrong("a nonce that is the statement's hash and not the challenge",
          changed(good, nonce=b64(statement_hash(FAMILY, SUBJECT, ADMINISTRATION, STATEMENT))))
    wrong("a nonce with padding", changed(good, nonce=good["nonce"] + "="))
    wrong("another transaction", claims(transactions=[transaction_data(challenge_of(1))]))
    wrong("the transaction decoded before it was hashed", claims(transactions=[base64.urlsafe_b64decode(
        transaction_data(CHALLENGE) + "==").decode()]))
    token("by another key", jws(STRANGER, HEADER, good), "StatementSignature", asked=True, by=STRANGER)
    forged = head + "." + b64(text(changed(good, iat=1767225601)).encode()) + "." + signature
    token("changed after it was signed", forged, "StatementSignature", asked=True, by=STRANGER)


# --- A passkey ---

PRESENT, VERIFIED, ATTESTED, EXTENSIONS = 1, 4, 0x40, 0x80


def authenticator_data(flags=PRESENT | VERIFIED, count=7, rest=b"", rp="city.example"):
    return sha256(rp.encode()) + bytes([flags]) + count.to_bytes(4, "big") + rest


CLIENT = {"type": "webauthn.get", "challenge": b64(CHALLENGE), "origin": "https://city.example",
          "crossOrigin": False}


def assertion(what, finding="Ok", part=None, client=CLIENT, data=None, signer=KEY, signature=None, asked=None,
              envelope=lambda e: e, after=lambda e: e):
    data = authenticator_data() if data is None else data
    client = client if isinstance(client, bytes) else text(client).encode()
    signed = data + sha256(client)
    made = signature is None
    signature = es256(signer, signed) if made else signature
    whole = [(1, data), (2, client), (3, signature)]
    fields = envelope(whole)
    if asked is None:
        asked = finding == "Ok"
    add(what, 4, after(message(fields)), finding, part,
        (fields[0][1] + sha256(fields[1][1]), signature) if asked else None,
        by=signer if made and fields == whole else STRANGER,
        says=finding == "Ok" and {"rp_id_hash": data[:32].hex(), "user_verified": bool(data[32] & VERIFIED),
                                  "sign_count": int.from_bytes(data[33:37], "big"),
                                  "origin": json.loads(client)["origin"]})


def webauthn_cases():
    assertion("an assertion")
    assertion("by touch alone", data=authenticator_data(PRESENT))
    assertion("a passkey that roams", data=authenticator_data(PRESENT | VERIFIED | 0x18, 0))
    assertion("with extensions", data=authenticator_data(PRESENT | EXTENSIONS, rest=bytes.fromhex("a16b6372656450726f7465637402")))
    assertion("a member that is there by chance", client={**CLIENT, "other_keys_can_be_added_here": "do not compare"})
    assertion("without crossOrigin", client=changed(CLIENT, "crossOrigin"))
    assertion("by an app", client=changed(CLIENT, origin="android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck"))
    assertion("of another site, which nobody here judges", data=authenticator_data(rp="other.example"),
              client=changed(CLIENT, origin="https://other.example"))

    form = lambda what, part, **more: assertion(what, "StatementSignatureForm", part, **more)
    form("by nobody present", "user present", data=authenticator_data(VERIFIED))
    form("with a new credential", "authenticator_data", data=authenticator_data(PRESENT | ATTESTED, rest=bytes(80)))
    form("with bytes that no flag announces", "authenticator_data", data=authenticator_data(rest=b"\xa0"))
    form("announced extensions that are not there", "authenticator_data", data=authenticator_data(PRESENT | EXTENSIONS))
    form("authenticator data of 36 bytes", "authenticator_data", data=authenticator_data()[:-1])
    form("a registration", "type", client=changed(CLIENT, type="webauthn.create"))
    form("a payment", "type", client=changed(CLIENT, type="payment.get"))
    form("of no type", "type", client=changed(CLIENT, "type"))
    form("without a challenge", "challenge", client=changed(CLIENT, "challenge"))
    form("a challenge that is a list", "challenge", client=changed(CLIENT, challenge=[b64(CHALLENGE)]))
    form("without an origin", "origin", client=changed(CLIENT, "origin"))
    form("an empty origin", "origin", client=changed(CLIENT, origin=""))
    for value in (True, None, "false", 0):
        form(f"crossOrigin {text(value)}", "crossOrigin", client=changed(CLIENT, crossOrigin=value))
    for what, client in (("client data twice", text(CLIENT) * 2), ("a challenge twice", text(CLIENT)[:-1] +
                         ',"challenge":"x"}'), ("client data that is no object", "[]"), ("no client data", "")):
        form(what, "client_data_json", client=client.encode())
    form("signed in DER", "signature", signature=KEY.sign(b"x", ec.ECDSA(hashes.SHA256())))
    form("without a signature", "signature", envelope=lambda e: e[:2])
    form("without authenticator data", "authenticator_data", envelope=lambda e: e[1:])
    form("fields out of order", "message", envelope=lambda e: [e[1], e[0], e[2]])
    form("a field twice", "message", envelope=lambda e: e + e[2:])
    form("an unknown field", "message", envelope=lambda e: e + [(4, b"")])
    form("a byte short", "message", after=lambda e: e[:-1])
    form("too long", "size", data=authenticator_data(PRESENT | EXTENSIONS, rest=bytes(16384)))

    wrong = lambda what, **more: assertion(what, "StatementSignature", **more)
    wrong("for another administration", client=changed(CLIENT, challenge=b64(challenge_of(1))))
    wrong("for another family", client=changed(CLIENT, challenge=b64(challenge_of(family=FAMILY + "x"))))
    wrong("a challenge with padding", client=changed(CLIENT, challenge=b64(CHALLENGE) + "="))
    wrong("by another key", signer=STRANGER, asked=True)
    other = text(changed(CLIENT, origin="https://city.examples")).encode()
    wrong("client data changed after it was signed", asked=True, envelope=lambda e: [e[0], (2, other), e[2]])
    wrong("authenticator data changed after it was signed", asked=True,
          envelope=lambda e: [(1, authenticator_data(count=8))] + e[1:])
    wrong("the challenge signed bare", asked=True, signature=es256(KEY, CHALLENGE))


def es256_cases():
    signed = b"vidimus/v1 statement\n" + statement_hash(FAMILY, SUBJECT, ADMINISTRATION, STATEMENT)
    for what, signer in (("over the signed bytes", KEY), ("by another key", STRANGER)):
        signature = es256(signer, signed)
        add(what, 2, signature, "Ok" if signer is KEY else "StatementSignature", signed=(signed, signature), by=signer)
    add("in DER", 2, KEY.sign(signed, ec.ECDSA(hashes.SHA256())), "StatementSignature")
    add("of a kind that nobody knows", 5, es256(KEY, signed), "SignatureKindUnknown")


def main():
    es256_cases()
    key_binding_cases()
    webauthn_cases()
    content = {"family": FAMILY, "subject": SUBJECT.hex(), "a": ADMINISTRATION, "statement": STATEMENT.hex(),
               "challenge": CHALLENGE.hex(), "transaction_data": transaction_data(CHALLENGE), "cases": CASES}
    with open("statement_signatures.json", "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, ensure_ascii=False)
        file.write("\n")


if __name__ == "__main__":
    main()
