/* The verifier for other languages: C functions over bytes, the same natively
 * (libvidimus.so) and as WebAssembly (vidimus.wasm, which imports nothing).
 * Usage, every answer's members, and examples for C, JavaScript and Python:
 * docs/verifier_api.md.
 *
 * A function takes bytes and gives an answer, and that is all: no state, no
 * globals, no files, no clock, no randomness, no network. So
 *
 * - any thread may call anything at any time;
 * - the same bytes always get the same answer, byte for byte, on every machine;
 * - nothing needs to be set up or torn down.
 *
 * WHAT GOES IN. Every `const char* x, size_t x_bytes` is bytes of the caller's,
 * read during the call and not kept; null with 0 is nothing. What a function
 * judges may be any bytes at all: an answer comes for every input. Where text
 * is meant (`log_key`, `policy`, `origin`) it is UTF-8 without a terminating
 * zero.
 *
 * WHAT COMES OUT. An answer is one JSON object, UTF-8, ending in a zero byte
 * that is no part of it. The caller owns it and gives it back with
 * vidimus_free. Its member `finding` says what the evidence shows: "Ok", or the
 * name of the first thing that is wrong, of which `sentence` is an English
 * sentence and docs/verifier_api.md the list. There are no other errors. Bytes
 * are lower-case hex; numbers from 2^53 up are decimal strings; names of people
 * and places inside are as they came, so show them as text and never as HTML.
 * Null is returned if memory ran out for the answer; memory that runs out
 * during the work ends the program (WebAssembly: the call, by a trap; that
 * instance must not be called again).
 *
 * WHAT IT COSTS. Time and memory grow with the bytes that are judged, a few
 * times their size; a signature is about 50 us natively and 110 us as
 * WebAssembly. Files larger than chain.h, entry_bundle.h and the like allow are
 * refused unread.
 *
 * ES256. Passkeys and wallets for credentials sign with ECDSA on P-256, which a
 * browser has in WebCrypto and this code leaves out. Functions that may meet
 * such signatures take `settled`: answers to checks that were settled before.
 * Ask vidimus_es256_checks which checks a bundle will need, settle them, hand
 * the answers in: 33 bytes each, the check's 32-byte `id` and then 01 if the
 * signature is good, 00 if it isn't; any order. A check that was needed and
 * not handed in leaves no verdict behind: the answer lists it under `owed`.
 */
#ifndef VERIFIER_C_API_H_
#define VERIFIER_C_API_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __wasm__
#define VIDIMUS_API(name) \
  __attribute__((export_name(#name), visibility("default")))
#else
#define VIDIMUS_API(name) __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Grows when a caller of an older header would no longer be understood. New
 * functions and new members of answers do not change it. */
#define VIDIMUS_ABI_VERSION 1
VIDIMUS_API(vidimus_abi_version) uint32_t vidimus_abi_version(void);

/* Memory for a host that has none of its own here, as WebAssembly's; null if
 * there is no more. */
VIDIMUS_API(vidimus_alloc) void* vidimus_alloc(size_t bytes);
/* Gives back an answer or what vidimus_alloc gave. Null is fine. */
VIDIMUS_API(vidimus_free) void vidimus_free(void* memory);

/* --- Heads -----------------------------------------------------------------
 */

/* Opens a log's signed checkpoint, `note`, by the log's verifier key, and tells
 * which witnesses and monitors of `policy` (C2SP tlog-policy, docs/policy.md;
 * nothing: none) cosigned it, whether they are a quorum, and since when.
 * Monitors are the members of the policy's group called "monitors". */
VIDIMUS_API(vidimus_open_head)
char* vidimus_open_head(const char* log_key, size_t log_key_bytes,
                        const char* policy, size_t policy_bytes,
                        const char* note, size_t note_bytes);

/* Which tiles are needed to judge that the head of `newer` extends that of
 * `older`, both signed checkpoints of the log: `tiles` lists their paths and
 * widths, in the order in which vidimus_judge_consistency wants their bytes. */
VIDIMUS_API(vidimus_consistency_tiles)
char* vidimus_consistency_tiles(const char* log_key, size_t log_key_bytes,
                                const char* older, size_t older_bytes,
                                const char* newer, size_t newer_bytes);

/* Judges that nothing under the older head was changed. `tiles`: the bytes of
 * those tiles, one after another. A newer head of a smaller size is
 * "TreeShrank"; one size with two roots is "TwoHistories", and the two notes
 * are then the conviction of a fork. */
VIDIMUS_API(vidimus_judge_consistency)
char* vidimus_judge_consistency(const char* log_key, size_t log_key_bytes,
                                const char* older, size_t older_bytes,
                                const char* newer, size_t newer_bytes,
                                const char* tiles, size_t tiles_bytes);

/* --- A resident's chains
 * ------------------------------------------------------
 */

/* Judges a chain bundle (docs/bundles.md) whole: is none missing, what does
 * each entry say, was it allowed and wanted. The big one: the residents' page
 * shows what this answers. `policy` as above. */
VIDIMUS_API(vidimus_judge_chains)
char* vidimus_judge_chains(const char* log_key, size_t log_key_bytes,
                           const char* policy, size_t policy_bytes,
                           const char* bundle, size_t bundle_bytes,
                           const char* settled, size_t settled_bytes);

/* Which ES256 checks vidimus_judge_chains may need of this bundle: `checks`,
 * each with `id`, `public_key` (65 bytes), `message` and `signature` (r and s,
 * 64 bytes; the form WebCrypto takes). Reads, judges nothing; cheap. */
VIDIMUS_API(vidimus_es256_checks)
char* vidimus_es256_checks(const char* bundle, size_t bundle_bytes);

/* What a bundle in the making shows so far: for whoever gathers one and must
 * know what to ask for next. `parts` is a chain bundle with its checkpoint and
 * some leaves and keys; the head's last leaf must be among them. `keys` says of
 * each key where it stands or that it does not, `leaves` what each leaf is. */
VIDIMUS_API(vidimus_read_proofs)
char* vidimus_read_proofs(const char* log_key, size_t log_key_bytes,
                          const char* parts, size_t parts_bytes);

/* The labels of a chain: `chain_key` is K (32 bytes), `numbers` 8 bytes
 * big-endian for each entry number. Whether K is the right one,
 * vidimus_judge_chains says. */
VIDIMUS_API(vidimus_chain_labels)
char* vidimus_chain_labels(const char* chain_key, size_t chain_key_bytes,
                           const char* numbers, size_t numbers_bytes);

/* The index keys of register documents: for each, type(1) number(4) version(8)
 * big-endian. */
VIDIMUS_API(vidimus_register_keys)
char* vidimus_register_keys(const char* ids, size_t ids_bytes);

/* --- Single pieces of evidence
 * ------------------------------------------------
 */

/* Judges an entry bundle: one entry with what a complaint needs. */
VIDIMUS_API(vidimus_judge_entry)
char* vidimus_judge_entry(const char* log_key, size_t log_key_bytes,
                          const char* bundle, size_t bundle_bytes);

/* Judges that a document is the newest of its number in the register. */
VIDIMUS_API(vidimus_judge_register_proof)
char* vidimus_judge_register_proof(const char* log_key, size_t log_key_bytes,
                                   const char* file, size_t file_bytes);

/* Judges whether a file convicts the log (docs/convictions.md). */
VIDIMUS_API(vidimus_judge_conviction)
char* vidimus_judge_conviction(const char* log_key, size_t log_key_bytes,
                               const char* file, size_t file_bytes);

/* Judges whether `entry`, the logged bytes, stands in the log: `proof` is a
 * C2SP tlog-proof, as the public part of a receipt is. */
VIDIMUS_API(vidimus_judge_inclusion)
char* vidimus_judge_inclusion(const char* log_key, size_t log_key_bytes,
                              const char* entry, size_t entry_bytes,
                              const char* proof, size_t proof_bytes);

/* --- Statements
 * ---------------------------------------------------------------
 */

/* What a wallet signs so that `statement`, the bytes of a Statement message
 * (vidimus_encode makes them), counts in the chain of `subject` and
 * `administration` (4294967295: `self`) in logs of the family of `origin`:
 * `signed_bytes` for Ed25519 and ES256, `challenge` for passkeys,
 * `transaction_data` for wallets for credentials. A statement that would not be
 * filed is told with its `field`. */
VIDIMUS_API(vidimus_statement_to_sign)
char* vidimus_statement_to_sign(const char* origin, size_t origin_bytes,
                                const char* subject, size_t subject_bytes,
                                uint32_t administration, const char* statement,
                                size_t statement_bytes);

/* Judges a statement as it is filed, `record` (a Record message), and its
 * signature by `public_key`. Whether it counts in its chain is
 * vidimus_judge_chains. */
VIDIMUS_API(vidimus_judge_statement)
char* vidimus_judge_statement(const char* origin, size_t origin_bytes,
                              const char* record, size_t record_bytes,
                              const char* public_key, size_t public_key_bytes,
                              const char* settled, size_t settled_bytes);

/* --- Messages and words
 * -------------------------------------------------------
 */

/* A message of proto/ as JSON: `name` is "Record", "Statement", "Config" and so
 * on. Strict, as all our readers (docs/wire.md). */
VIDIMUS_API(vidimus_decode)
char* vidimus_decode(const char* name, size_t name_bytes, const char* message,
                     size_t message_bytes);

/* The reverse: `bytes` of the answer is the one encoding of `json` (at most
 * 8,192 bytes), in which every member is a field of the message. Decoding gives
 * the same JSON again. */
VIDIMUS_API(vidimus_encode)
char* vidimus_encode(const char* name, size_t name_bytes, const char* json,
                     size_t json_bytes);

/* Every word that an answer may use where a person must be told: findings with
 * their sentences, headlines, dimensions and the rest. For the test that each
 * has a translation. */
VIDIMUS_API(vidimus_words) char* vidimus_words(void);

#ifdef __cplusplus
}
#endif

#endif /* VERIFIER_C_API_H_ */
