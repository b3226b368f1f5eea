/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum saqta_status file_sync_folder_of(const char *path, struct saqta_error *err)
{
	char *folder = strdup(path), *slash;
	int fd, why = 0;

	if (!folder)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	for (size_t n = strlen(folder); n > 1 && folder[n - 1] == '/'; n--)
		folder[n - 1] = 0;
	slash = strrchr(folder, '/');
	if (slash)
		*(slash == folder ? slash + 1 : slash) = 0;
	fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		why = errno;
	if (fd >= 0)
		(void)close(fd);
	free(folder);
	return why ? err_set(err, SAQTA_ERR_STORE, 0, "%s: its folder cannot be synced: %s", path, strerror(why)) : SAQTA_OK;
}
