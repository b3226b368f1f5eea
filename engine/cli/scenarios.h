/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SCENARIOS_H
#define CLI_SCENARIOS_H

/** A run of scenario files; zero-initialise. */
struct scenarios {
	unsigned passed, failed;
	int code; /* the worst exit code so far */
};
/** Run one, packs looked up in @dirs, and print its line. Non-zero: stop. */
int scenarios_run(struct scenarios *s, const char *path, const char *dirs);
/** Print the counts; the exit code of the command. */
int scenarios_end(const struct scenarios *s);

#endif
