"""The verifier in Python: a thin hand around libvidimus.so, whose functions
verifier/c_api.h describes. Nothing here judges anything, asks the network, or
keeps what it was given. Answers are dicts: docs/verifier_api.md.

    verifier = Verifier("libvidimus.so")
    report = verifier.judge_chains(log_key, policy, bundle)
    if report["finding"] == "Ok" and report["complete"]: ...

Text may be str or bytes, everything else is bytes. Any thread may call.
"""

import ctypes
import json

ABI_VERSION = 1
SELF = 0xFFFFFFFF  # the number of the chain that belongs to no administration
_ROUNDS_MAX = 64  # of ES256 checks: one key may bring the next


class Verifier:
    """The functions of one libvidimus.so, by its path."""

    def __init__(self, path):
        self._library = ctypes.CDLL(path)
        self._library.vidimus_abi_version.restype = ctypes.c_uint32
        version = self._library.vidimus_abi_version()
        if version != ABI_VERSION:
            raise ImportError(f"{path}: version {version}, not {ABI_VERSION}")
        self._library.vidimus_free.argtypes = [ctypes.c_void_p]
        self._library.vidimus_free.restype = None

    # --- Heads ---

    def open_head(self, log_key, policy, note):
        return self._ask("vidimus_open_head", log_key, policy, note)

    def consistency_tiles(self, log_key, older, newer):
        return self._ask("vidimus_consistency_tiles", log_key, older, newer)

    def judge_consistency(self, log_key, older, newer, tiles=()):
        """`tiles`: the bytes of each tile that consistency_tiles named."""
        return self._ask("vidimus_judge_consistency", log_key, older, newer,
                         b"".join(tiles))

    # --- A resident's chains ---

    def judge_chains(self, log_key, policy, bundle):
        """Judges a chain bundle whole, with the ES256 checks that it needs."""
        checks = self._ask("vidimus_es256_checks", bundle).get("checks", [])
        settled = self._settle(checks)
        for _ in range(_ROUNDS_MAX):
            report = self._ask("vidimus_judge_chains", log_key, policy, bundle,
                               settled)
            if not report.get("owed"):
                break
            settled += self._settle(report["owed"])
        return report

    def read_proofs(self, log_key, parts):
        return self._ask("vidimus_read_proofs", log_key, parts)

    def chain_labels(self, chain_key, numbers):
        return self._ask("vidimus_chain_labels", chain_key,
                         b"".join(n.to_bytes(8, "big") for n in numbers))

    def register_keys(self, ids):
        """`ids`: tuples (type, number, version)."""
        return self._ask("vidimus_register_keys", b"".join(
            kind.to_bytes(1, "big") + number.to_bytes(4, "big") +
            version.to_bytes(8, "big") for kind, number, version in ids))

    # --- Single pieces of evidence ---

    def judge_entry(self, log_key, bundle):
        return self._ask("vidimus_judge_entry", log_key, bundle)

    def judge_register_proof(self, log_key, file):
        return self._ask("vidimus_judge_register_proof", log_key, file)

    def judge_conviction(self, log_key, file):
        return self._ask("vidimus_judge_conviction", log_key, file)

    def judge_inclusion(self, log_key, entry, proof):
        return self._ask("vidimus_judge_inclusion", log_key, entry, proof)

    # --- Statements ---

    def statement_to_sign(self, origin, subject, administration, statement):
        """`statement`: a dict of a Statement's fields, or its bytes."""
        if isinstance(statement, dict):
            encoded = self.encode("Statement", statement)
            if encoded["finding"] != "Ok":
                return encoded
            statement = bytes.fromhex(encoded["bytes"])
        answer = self._ask("vidimus_statement_to_sign", origin, subject,
                           administration, statement)
        if answer["finding"] == "Ok":
            answer["bytes"] = statement.hex()
        return answer

    def judge_statement(self, origin, record, public_key):
        answer = self._ask("vidimus_judge_statement", origin, record,
                           public_key, b"")
        if not answer.get("owed"):
            return answer
        return self._ask("vidimus_judge_statement", origin, record, public_key,
                         self._settle(answer["owed"]))

    # --- Messages and words ---

    def decode(self, name, message):
        return self._ask("vidimus_decode", name, message)

    def encode(self, name, fields):
        return self._ask("vidimus_encode", name, json.dumps(fields))

    def words(self):
        return self._ask("vidimus_words")

    def call(self, name, inputs):
        """One function of c_api.h by its name; the answer is text."""
        parameters = []
        for value in inputs:
            if isinstance(value, int):
                parameters.append(ctypes.c_uint32(value))
                continue
            if isinstance(value, str):
                value = value.encode()
            value = bytes(value or b"")
            parameters += [ctypes.c_char_p(value), ctypes.c_size_t(len(value))]
        function = self._library[name]
        function.restype = ctypes.c_void_p
        answer = function(*parameters)
        if not answer:
            raise MemoryError(name)
        try:
            return ctypes.string_at(answer).decode()
        finally:
            self._library.vidimus_free(answer)

    def _ask(self, name, *inputs):
        return json.loads(self.call(name, inputs))

    def _settle(self, checks):
        """Answers to ES256 checks, by the library itself."""
        verify = self._library["vidimus_es256_verify"]
        verify.restype = ctypes.c_int
        settled = b""
        for check in checks:
            parameters = []
            for name in ("public_key", "message", "signature"):
                value = bytes.fromhex(check[name])
                parameters += [ctypes.c_char_p(value),
                               ctypes.c_size_t(len(value))]
            good = verify(*parameters)
            settled += bytes.fromhex(check["id"]) + bytes([good])
        return settled
