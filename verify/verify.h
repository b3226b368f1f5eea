/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VERIFY_VERIFY_H
#define VERIFY_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* saqta-verify: whether an exported log is whole, told by its bytes alone. It shares no code with the engine that wrote them: what both know is
 * docs/audit-format.md. Whatever is read may come from an adversary: every read is bounded, every form strict, nothing is skipped in silence.
 *
 * A function returns a verdict; of all but VERDICT_HOLDS it has filled the fault. */

#define must_check_ __attribute__((warn_unused_result))
#define cleanup_(fn) __attribute__((cleanup(fn)))

/** What the program exits with. */
enum verdict {
	VERDICT_HOLDS = 0,
	VERDICT_BROKEN = 1, /* something is wrong, or not there */
	VERDICT_USAGE = 2,
	VERDICT_DATA = 65,    /* a key that the reader gave is none */
	VERDICT_MISSING = 66, /* a file or folder that the reader named is not there */
	VERDICT_IO = 74,
	VERDICT_CONFIG = 78, /* the policy of witnesses is malformed */
};

#define FAULT_TEXT_SIZE 512
struct fault {
	bool has_entry;
	uint64_t entry; /* the first wrong one */
	char file[160]; /* below the folder; empty: no one file */
	char text[FAULT_TEXT_SIZE];
};
/** Fills @f and returns @v; what is printed is ASCII, or the reader's own words. */
enum verdict fault_set(struct fault *f, enum verdict v, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
enum verdict fault_entry(struct fault *f, uint64_t entry, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* ---- bytes.c ---- */
struct span {
	const char *at; /* borrowed; NULL: nothing is there */
	size_t len;
};
bool span_is(struct span s, const char *text);
/** The text before the next @end, which is taken off @rest too. False if there is none. */
bool span_until(struct span *rest, char end, struct span *ret);
/** Plain decimal: no sign, no zeros in front, at most INT64_MAX. */
bool span_number(struct span s, uint64_t *ret);
/** Lower-case hex of exactly @len bytes. */
bool span_hex(struct span s, uint8_t *ret, size_t len);
/** Canonical base64 with padding, 1 to @max bytes; how many in @ret_len. */
bool span_base64(struct span s, uint8_t *ret, size_t max, size_t *ret_len);
/** RFC 3339 in UTC with `Z`, no fraction if it is zero, else six digits: microseconds since 1970. */
bool span_time(struct span s, int64_t *ret_us);
/** UTF-8 without control characters but those in @controls. */
bool span_utf8(struct span s, const char *controls);
void hex_text(const uint8_t *data, size_t len, char *ret);

/* ---- crypt.c: the only file that knows libgcrypt ---- */
#define HASH_SIZE 32u
#define KEY_SIZE 32u
#define SIGNATURE_SIZE 64u
void verify_crypt_init(void);
void verify_sha256(const void *data, size_t len, uint8_t ret[HASH_SIZE]);
/** One over pieces that come one after the other. end gives it up; @ret may be NULL. */
struct digest;
struct digest *verify_digest_new(void); /* NULL: out of memory */
void verify_digest_add(struct digest *d, const void *data, size_t len);
void verify_digest_end(struct digest *d, uint8_t ret[HASH_SIZE]);
void verify_leaf(const void *entry, size_t len, uint8_t ret[HASH_SIZE]);
void verify_node(const uint8_t left[HASH_SIZE], const uint8_t right[HASH_SIZE], uint8_t ret[HASH_SIZE]);
/** Neither of low order nor encoded in a second way. */
bool verify_key_ok(const uint8_t key[KEY_SIZE]);
bool verify_ed25519(const uint8_t key[KEY_SIZE], const void *text, size_t len, const uint8_t sig[SIGNATURE_SIZE]);

/* ---- tree.c ---- */
struct head {
	uint64_t size;
	uint8_t root[HASH_SIZE];
};
/** The right edge of a tree: enough to append and to give the root. */
struct edge {
	uint64_t size;
	uint8_t stack[64][HASH_SIZE];
};
/** Calls @visit with each complete subtree of 2^@level entries that the leaf completes, the leaf itself (level 0) first. */
typedef void (*edge_visit_fn)(void *user, unsigned level, const uint8_t hash[HASH_SIZE]);
void edge_append(struct edge *e, const uint8_t leaf[HASH_SIZE], edge_visit_fn visit, void *user);
void edge_root(const struct edge *e, uint8_t ret[HASH_SIZE]);
#define PATH_MAX_HASHES 64u
/** RFC 9162 2.1.3.2. */
bool path_holds(uint64_t index, const struct head *head, const uint8_t leaf[HASH_SIZE], const uint8_t (*path)[HASH_SIZE], size_t n_path);

/* ---- note.c: C2SP signed notes and checkpoints ---- */
#define NAME_MAX_BYTES 255u
#define VKEY_MAX 384u
#define NOTE_MAX 65536u
#define SIGNATURES_MAX 128u
enum key_type { KEY_ED25519 = 1, KEY_COSIGNATURE = 4 }; /* C2SP's numbers; the second is a witness's */
struct key {
	enum key_type type;
	char name[NAME_MAX_BYTES + 1];
	uint8_t id[4];
	uint8_t pub[KEY_SIZE];
	char text[VKEY_MAX]; /* the vkey itself */
};
/** "<name>+<8 hex>+<base64(type || key)>", and nothing else. */
bool key_parse(struct span text, struct key *ret);
bool key_same(const struct key *a, const struct key *b);

struct note {
	struct span text;	/* what is signed, with its last line feed */
	struct span signatures; /* the lines below the blank one */
};
/** Take a note apart; no signature is looked at. NULL, or what is wrong. */
const char *note_parse(struct span bytes, struct note *ret) must_check_;
enum seal { SEAL_NONE, SEAL_HOLDS, SEAL_BAD };
/** Whether @key signed it. @ret_time_s (may be NULL): since 1970, of a cosignature. */
enum seal note_seal(const struct note *n, const struct key *key, uint64_t *ret_time_s);
struct checkpoint {
	char origin[NAME_MAX_BYTES + 1];
	struct head head;
};
/** The text of a note as a checkpoint. NULL, or what is wrong. */
const char *checkpoint_parse(struct span text, struct checkpoint *ret) must_check_;

/* ---- witnesses.c: a policy as C2SP tlog-policy has it ---- */
#define POLICY_MAX 65536u
#define POLICY_NAMES 64u
struct witness_name {
	char name[NAME_MAX_BYTES + 1];
	bool is_group;
	struct key key;	   /* of a witness */
	unsigned need;	   /* of a group: so many of its members */
	uint64_t members;  /* a bit each, of names before this one */
	bool has_signed;   /* of the checkpoint held against the policy */
	uint64_t signed_s; /* when, by a witness's clock */
};
struct witness_policy {
	struct key logs[POLICY_NAMES];
	struct witness_name names[POLICY_NAMES];
	unsigned n_logs, n_names;
	bool needs_nobody; /* quorum none */
	unsigned quorum;   /* of names */
};
enum verdict witness_policy_parse(struct span text, struct witness_policy *ret, struct fault *f) must_check_;
/** Who of @p signed @n, and whether these are enough. A bad signature of one of them refuses the whole. */
enum verdict witness_policy_hold(struct witness_policy *p, const struct note *n, struct fault *f) must_check_;

/* ---- scan.c: the canonical JSON of an entry ---- */
#define ENTRY_MAX 65535u
#define TYPE_MAX 47u
struct entry {
	uint64_t seq, policy;
	int64_t recorded_us;
	struct span recorded; /* borrowed, as all below */
	char type[TYPE_MAX + 1];
	struct span more; /* the object; nothing if there is none */
};
/** NULL, or what is wrong. */
const char *entry_scan(struct span bytes, struct entry *ret) must_check_;
/** The value of member @name of an object that was scanned; nothing if there is none. */
struct span json_member(struct span object, const char *name);
/** A string without escapes, without its quotes. */
bool json_plain(struct span value, struct span *ret);

/* ---- files.c ---- */
/** A regular file below the folder @dir; no symbolic link on the way there. */
enum verdict file_open(int dir, const char *path, int *ret_fd, uint64_t *ret_size, struct fault *f) must_check_;
/** A folder below @dir, likewise. */
enum verdict folder_open(int dir, const char *path, int *ret_fd, struct fault *f) must_check_;
/** Whether something stands there; false if nothing does. */
bool file_is_there(int dir, const char *path);
/** All of it: at most @max bytes. */
enum verdict file_read(int dir, const char *path, void *ret, size_t max, size_t *ret_len, struct fault *f) must_check_;
/** A file that the reader named: links are his own affair. */
enum verdict file_read_named(const char *path, void *ret, size_t max, size_t *ret_len, struct fault *f) must_check_;
#define STREAM_SIZE 65536u
struct stream {
	int fd;
	size_t at, len;
	uint8_t data[STREAM_SIZE];
};
/** Exactly @len bytes; *@ret_got fewer at the end of the file. */
enum verdict stream_take(struct stream *s, void *ret, size_t len, size_t *ret_got, struct fault *f) must_check_;
void fd_closep(int *fd);

/* ---- tiles.c: one pass over the tree's files ---- */
#define TILE_WIDTH 256u
#define TILE_LEVELS 8u
#define TILE_ENTRIES TILE_LEVELS
#define TILE_PATH_SIZE 64u
void tile_name(unsigned level, uint64_t n, unsigned width, char ret[TILE_PATH_SIZE]);
/** What a pass tells. Each may be NULL. */
struct pass_calls {
	void *user;
	/** An entry whose hash is in its tile; len 0: its body is not there. */
	enum verdict (*entry)(void *user, uint64_t index, struct span bytes, struct fault *f);
	/** The tree has grown by it. */
	enum verdict (*grown)(void *user, const struct edge *edge, struct fault *f);
};
/** Read every file of a log of @size entries below @dir, each once, in one pass; @ret: what they come to. Its memory does not grow with the
 *  log. */
enum verdict tiles_pass(int dir, uint64_t size, const struct pass_calls *calls, struct head *ret, struct fault *f) must_check_;

/* ---- story.c: what the entries say, one after the other ---- */
#define GAPS_MAX 4096u
struct gap {
	uint64_t from, to; /* first, and behind the last */
};
struct past_named {
	bool is_named;
	uint64_t incarnation;
	char origin[NAME_MAX_BYTES + 1];
	struct head head;
	bool has_lost; /* a restore: the log that was lost */
	char lost_origin[NAME_MAX_BYTES + 1];
	struct head lost;
};
struct story {
	uint64_t n_entries, n_pruned;
	uint64_t n_destroyed, n_records_destroyed, n_replayed;
	uint64_t n_policies, n_sweeps, n_sweeps_cut;
	uint64_t n_clock_back, clock_back_at; /* the first */
	char first_recorded[40], last_recorded[40];
	int64_t last_us;
	struct past_named past; /* as entry 0 has it */
	bool last_is_key;	/* the newest entry names the key that signs from now on */
	char next_key[VKEY_MAX];

	uint64_t policy; /* the entry that put the newest policy in force */
	uint64_t pruned_end;
	bool has_which; /* the newest entry that says what was pruned tells exactly */
	uint8_t which[HASH_SIZE];
	uint64_t pruned_by, n_empty;
	bool sweep_is_open, sweep_is_whole; /* whole: no body of it was pruned */
	uint64_t sweep_destroyed, sweep_lapsed, sweep_stopped;
	unsigned n_gaps;
	struct gap gaps[GAPS_MAX]; /* pruned bodies for which no reason was met yet */
};
/** The next entry; len 0: it was pruned. */
enum verdict story_entry(struct story *s, uint64_t index, struct span bytes, struct fault *f) must_check_;
/** Nothing is left open that must not be. @pruned: the digest of the numbers, as be64, of the entries without a body. */
enum verdict story_end(const struct story *s, const uint8_t pruned[HASH_SIZE], struct fault *f) must_check_;

/* ---- log.c: the whole of a folder ---- */
struct log_report {
	uint64_t incarnation;
	bool is_past; /* in the folder past/<incarnation> */
	struct checkpoint checkpoint;
	struct key key;	   /* that signed it */
	uint64_t n_epochs; /* former keys, which lead to this one */
	bool is_pinned;	   /* the reader knows a key of this log */
	bool is_seen;	   /* the head that he had before is one of this log */
	struct story story;
};
struct archive_options {
	const struct key *pin;		  /* NULL: none is known */
	struct witness_policy *witnesses; /* NULL: none; it learns who signed */
	const struct checkpoint *seen;	  /* a head that the reader had before; NULL: none */
	/** Each log that holds, the newest first; the next one's report takes its place. */
	void (*report)(void *user, const struct log_report *log);
	/** The log before the last reported, number @incarnation, is not there. */
	void (*withheld)(void *user, const struct past_named *past, uint64_t incarnation);
	void *user;
};
enum verdict archive_verify(int dir, const struct archive_options *o, struct fault *f) must_check_;

/* ---- proof.c ---- */
#define PROOF_MAX ((size_t)ENTRY_MAX / 3 * 4 + NOTE_MAX + 8192)
struct proof {
	uint64_t index;
	struct entry said;
	struct span at; /* the entry's own time */
	struct note note;
	struct checkpoint checkpoint;
	struct span entry;
	uint8_t bytes[ENTRY_MAX]; /* of the entry */
};
/** Take @text apart, which @ret borrows, and follow the path up to the root that its checkpoint has. Whose signature this bears is looked at by
 *  proof_signed. */
enum verdict proof_check(struct span text, struct proof *ret, struct fault *f) must_check_;
enum verdict proof_signed(const struct proof *p, const struct key *key, struct fault *f) must_check_;
/** Whether the entry is the destruction with the receipt @number. */
#define RECEIPT_SIZE 16u
enum verdict proof_receipt(const struct proof *p, const uint8_t number[RECEIPT_SIZE], struct fault *f) must_check_;

/* ---- report.c: what is said of it ---- */
struct report {
	bool is_json;
	const char *folder;
	unsigned n_logs;
	bool is_pinned; /* of the newest log */
};
void report_begin(struct report *r);
void report_log(void *user, const struct log_report *log);
void report_withheld(void *user, const struct past_named *past, uint64_t incarnation);
/** The verdict, with who witnessed the head. */
void report_end(struct report *r, enum verdict v, const struct witness_policy *witnesses, const struct fault *f);
void report_proof(const struct report *r, const struct proof *p, const struct key *key, const char *receipt);
void report_fault(const struct report *r, enum verdict v, const struct fault *f);

#endif
