/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct arguments {
	const char *folder, *proof, *key, *witnesses, *seen, *receipt;
	bool is_json;
};

static const char help[] = "saqta-verify DIR [--key VKEY|FILE] [--witnesses POLICY] [--seen CHECKPOINT] [--json]\n"
			   "saqta-verify --proof FILE --key VKEY|FILE [--receipt NUMBER] [--json]\n"
			   "\n"
			   "Tells whether a log that `saqta audit export` wrote is whole, or whether a proof holds. It needs nothing but "
			   "these files and trusts none.\n"
			   "\n"
			   "  --key VKEY|FILE       the key that the company published: nothing else is taken\n"
			   "  --witnesses POLICY    a C2SP tlog-policy: which logs are known, and whose cosignatures are enough\n"
			   "  --seen CHECKPOINT     a head of this log that you had before: the log must have grown from it\n"
			   "  --proof FILE          a C2SP tlog-proof, as `saqta audit prove` and `saqta receipt` print it\n"
			   "  --receipt NUMBER      the proof must be of the destruction with this receipt, 32 hexadecimal digits\n"
			   "  --json                one JSON object on stdout\n"
			   "  --help, --version\n"
			   "\n"
			   "  saqta-verify /srv/published --key log.vkey\n"
			   "  saqta-verify --proof destroyed.proof --receipt 3f2a90b15c77de0841a6c9e2b8d4f013 --key log.vkey\n"
			   "\n"
			   "Exit: 0 whole; 1 not whole: what is wrong is on stderr, the first wrong entry by its number; 2 usage; 65 a "
			   "file named here is not what it\n"
			   "should be; 66 it is not there; 74 cannot be read; 78 the policy of witnesses is malformed.\n";

static int usage(const char *why)
{
	(void)fprintf(stderr, "saqta-verify: %s\nTry `saqta-verify --help`.\n", why);
	return VERDICT_USAGE;
}

/* What the reader named is in question, not the log. */
static int wrong_file(const char *path, enum verdict v, const char *why)
{
	(void)fprintf(stderr, "saqta-verify: %s: %s\n", path, why);
	return (int)v;
}

/* ---- what the reader brings ---- */

static enum verdict load_key(const char *given, struct key *ret)
{
	char text[VKEY_MAX + 1];
	struct span rest = {.at = text}, vkey = {given, strlen(given)};
	struct fault f = {0};
	enum verdict v;

	if (!key_parse(vkey, ret)) {
		v = file_read_named(given, text, sizeof(text), &rest.len, &f);
		if (v)
			return (enum verdict)wrong_file(given, v, v == VERDICT_MISSING ? "neither a key nor a file with one" : f.text);
		if (!span_until(&rest, '\n', &vkey))
			vkey = rest;
		else if (rest.len > 0)
			vkey.len = 0;
		if (!key_parse(vkey, ret))
			return (enum verdict)wrong_file(given, VERDICT_DATA, "it holds no key of the form NAME+ID+BASE64");
	}
	return ret->type == KEY_ED25519 ? VERDICT_HOLDS
					: (enum verdict)wrong_file(given, VERDICT_DATA, "it is a witness's key, not a log's");
}

static enum verdict load_witnesses(const char *path, struct witness_policy *ret)
{
	static char text[POLICY_MAX];
	struct span bytes = {.at = text};
	struct fault f = {0};
	enum verdict v = file_read_named(path, text, sizeof(text), &bytes.len, &f);

	if (!v)
		v = witness_policy_parse(bytes, ret, &f);
	return v ? (enum verdict)wrong_file(path, v, f.text) : VERDICT_HOLDS;
}

static enum verdict load_seen(const char *path, struct checkpoint *ret)
{
	static char text[NOTE_MAX];
	struct span bytes = {.at = text};
	struct fault f = {0};
	struct note note;
	const char *why;
	enum verdict v = file_read_named(path, text, sizeof(text), &bytes.len, &f);

	if (v)
		return (enum verdict)wrong_file(path, v, f.text);
	why = note_parse(bytes, &note);
	if (!why)
		why = checkpoint_parse(note.text, ret);
	return why ? (enum verdict)wrong_file(path, VERDICT_DATA, why) : VERDICT_HOLDS;
}

/* ---- the two things that it does ---- */

static int flush(int code)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return wrong_file("stdout", VERDICT_IO, strerror(errno));
	return code;
}

static int verify_folder(const struct arguments *a, const struct key *key, struct witness_policy *witnesses)
{
	struct report report = {.is_json = a->is_json, .folder = a->folder};
	struct checkpoint seen;
	struct archive_options o = {.pin = key, .witnesses = witnesses, .report = report_log, .withheld = report_withheld, .user = &report};
	struct fault f = {0};
	cleanup_(fd_closep) int dir = open(a->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum verdict v;

	if (dir < 0)
		return wrong_file(a->folder, errno == ENOENT || errno == ENOTDIR ? VERDICT_MISSING : VERDICT_IO, strerror(errno));
	v = a->seen ? load_seen(a->seen, &seen) : VERDICT_HOLDS;
	if (v)
		return (int)v;
	o.seen = a->seen ? &seen : NULL;
	report_begin(&report);
	v = archive_verify(dir, &o, &f);
	report_end(&report, v, witnesses, &f);
	return flush((int)v);
}

/* A proof does not bring the key along: without one, whoever wrote it may have made up its root. */
static enum verdict check_signer(const struct proof *p, const struct key *key, struct witness_policy *witnesses, const struct key **ret,
				 struct fault *f)
{
	*ret = key;
	for (unsigned i = 0; witnesses && i < witnesses->n_logs && !*ret; i++)
		if (strcmp(witnesses->logs[i].name, p->checkpoint.origin) == 0)
			*ret = &witnesses->logs[i];
	if (!*ret)
		return fault_set(f, VERDICT_BROKEN,
				 "its hashes lead to its root, but whose root that is, only the log's key tells: give it by --key");
	if (proof_signed(p, *ret, f))
		return VERDICT_BROKEN;
	return witnesses ? witness_policy_hold(witnesses, &p->note, f) : VERDICT_HOLDS;
}

static int verify_proof(const struct arguments *a, const struct key *key, struct witness_policy *witnesses)
{
	static char text[PROOF_MAX];
	static struct proof proof;
	const struct report report = {.is_json = a->is_json, .folder = a->proof};
	struct span bytes = {.at = text};
	uint8_t number[RECEIPT_SIZE];
	const struct key *signer;
	struct fault f = {0};
	enum verdict v;

	if (a->receipt && !span_hex((struct span){a->receipt, strlen(a->receipt)}, number, sizeof(number)))
		return usage("--receipt: 32 hexadecimal digits in lower case are expected");
	v = file_read_named(a->proof, text, sizeof(text), &bytes.len, &f);
	if (v)
		return wrong_file(a->proof, v, f.text);
	v = proof_check(bytes, &proof, &f);
	if (!v)
		v = check_signer(&proof, key, witnesses, &signer, &f);
	if (!v && a->receipt)
		v = proof_receipt(&proof, number, &f);
	if (v)
		report_fault(&report, v, &f);
	else
		report_proof(&report, &proof, signer, a->receipt);
	return flush((int)v);
}

static int run(const struct arguments *a)
{
	static struct witness_policy witnesses;
	struct key key;
	enum verdict v = VERDICT_HOLDS;

	verify_crypt_init();
	if (a->key)
		v = load_key(a->key, &key);
	if (!v && a->witnesses)
		v = load_witnesses(a->witnesses, &witnesses);
	if (v)
		return (int)v;
	return (a->proof ? verify_proof : verify_folder)(a, a->key ? &key : NULL, a->witnesses ? &witnesses : NULL);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"key", required_argument, NULL, 'k'},
		{"witnesses", required_argument, NULL, 'w'},
		{"seen", required_argument, NULL, 's'},
		{"proof", required_argument, NULL, 'p'},
		{"receipt", required_argument, NULL, 'r'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	struct arguments a = {0};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'k':
			a.key = optarg;
			break;
		case 'w':
			a.witnesses = optarg;
			break;
		case 's':
			a.seen = optarg;
			break;
		case 'p':
			a.proof = optarg;
			break;
		case 'r':
			a.receipt = optarg;
			break;
		case 'j':
			a.is_json = true;
			break;
		case 'h':
			(void)fputs(help, stdout);
			return flush(0);
		case 'v':
			(void)puts("saqta-verify " SAQTA_VERSION);
			return flush(0);
		default:
			(void)fputs("Try `saqta-verify --help`.\n", stderr);
			return VERDICT_USAGE;
		}
	}
	if (argc - optind != (a.proof ? 0 : 1))
		return usage(a.proof ? "a proof is verified without a folder" : "one folder is expected");
	if (a.proof ? a.seen != NULL : a.receipt != NULL)
		return usage(a.proof ? "--seen goes with a folder" : "--receipt goes with --proof");
	a.folder = argv[optind];
	return run(&a);
}
