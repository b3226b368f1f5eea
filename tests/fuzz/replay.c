/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Stands for clang's fuzzer where there is none: gives the target every file of the folders named. Usage: TARGET FOLDER... */

#define INPUT_MAX ((size_t)1 << 20)

static void run(const char *path)
{
	uint8_t *data = malloc(INPUT_MAX);
	FILE *file = fopen(path, "re");
	size_t n;

	fuzz_must(data && file);
	n = fread(data, 1, INPUT_MAX, file);
	(void)fclose(file);
	/* A block of exactly this size, so that a read behind its end is seen. */
	data = realloc(data, n ? n : 1);
	(void)fprintf(stderr, "%s\n", path);
	(void)LLVMFuzzerTestOneInput(data, n);
	free(data);
}

static int is_file(const struct dirent *entry) { return entry->d_name[0] != '.'; }

int main(int argc, char **argv)
{
	unsigned n_run = 0;

	for (int i = 1; i < argc; i++) {
		struct dirent **list;
		int n = scandir(argv[i], &list, is_file, alphasort);

		for (int k = 0; k < n; k++) {
			char path[4096];

			(void)snprintf(path, sizeof(path), "%s/%s", argv[i], list[k]->d_name);
			run(path);
			free(list[k]);
		}
		if (n >= 0)
			free(list);
		n_run += n > 0 ? (unsigned)n : 0;
	}
	(void)printf("%u inputs\n", n_run);
	return n_run > 0 ? 0 : 1; /* a folder that was forgotten is no success */
}
