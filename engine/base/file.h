/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/error.h"

/* A file's name is on the disk only once its folder was synced: what was made or renamed may else be gone after a power cut. */

/** Sync the folder that @path stands in. SAQTA_ERR_STORE. */
enum saqta_status file_sync_folder_of(const char *path, struct saqta_error *err) must_check_;

#endif
