/* SPDX-License-Identifier: Apache-2.0 */
#include "backup.h"
#include "saqta/document.h"

#include <stdlib.h>

/* A document under a passphrase, for its way to the subject: the container of the backups, whose payload is the document's bytes. */

struct saqta_sealed {
	struct stream *stream;
	struct saqta_error error; /* of the first write that failed */
};

enum saqta_status saqta_sealed_create(const char *path, saqta_passphrase_fn passphrase, void *passphrase_user, saqta_sealed **ret,
				      struct saqta_error *err)
{
	const struct passphrase phrase = {.ask = passphrase, .user = passphrase_user};
	cleanup_(secret_freep) struct secret *key = NULL;
	cleanup_(buf_done) struct buf header = {0};
	struct json_out j = {.out = &header};
	struct passphrase_params params;
	saqta_sealed *s;
	enum saqta_status r = crypt_init(err);

	if (r)
		return r;
	passphrase_params_new(&params);
	r = passphrase_key(&phrase, true, &params, &key, err);
	if (r)
		return r;
	json_open(&j, NULL, '{');
	passphrase_params_json(&params, &j);
	json_shut(&j, '}');
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	r = stream_create_as(STREAM_DOCUMENT, path, secret_key(key), &header, &s->stream, err);
	if (r) {
		free(s);
		return r;
	}
	*ret = s;
	return SAQTA_OK;
}

int saqta_sealed_write(void *user, const char *data, size_t len)
{
	saqta_sealed *s = user;

	return s->error.status || stream_write(s->stream, data, len, &s->error);
}

enum saqta_status saqta_sealed_finish(saqta_sealed *s, struct saqta_error *err)
{
	if (!s->error.status)
		return stream_finish(s->stream, err);
	*err = s->error;
	return err->status;
}

saqta_sealed *saqta_sealed_close(saqta_sealed *s)
{
	if (s)
		s->stream = stream_close(s->stream);
	free(s);
	return NULL;
}

static enum saqta_status read_params(const char *path, const struct buf *header, struct passphrase_params *ret, struct saqta_error *err)
{
	json_t *root = json_loadb((const char *)header->data, header->len, JSON_REJECT_DUPLICATES, NULL);
	bool is_good = passphrase_params_parse(root, ret);

	json_decref(root);
	return is_good ? SAQTA_OK : err_set(err, SAQTA_ERR_INPUT, 0, "%s: its header is wrong", path);
}

enum saqta_status saqta_sealed_open(const char *path, saqta_passphrase_fn passphrase, void *passphrase_user, saqta_write_fn write,
				    void *user, struct saqta_error *err)
{
	const struct passphrase phrase = {.ask = passphrase, .user = passphrase_user};
	cleanup_(stream_closep) struct stream *stream = NULL;
	cleanup_(secret_freep) struct secret *key = NULL;
	cleanup_(buf_done) struct buf header = {0}, plain = {0};
	struct passphrase_params params;
	enum saqta_status r = crypt_init(err);

	if (!r)
		r = stream_open_as(STREAM_DOCUMENT, path, &stream, &header, err);
	if (!r)
		r = read_params(path, &header, &params, err);
	if (!r)
		r = passphrase_key(&phrase, false, &params, &key, err);
	if (!r)
		r = stream_unlock(stream, secret_key(key), err);
	if (!r)
		r = stream_read_rest(stream, &plain, err);
	if (!r)
		r = stream_end(stream, err);
	return r ? r : hall_give(write, user, &plain, err);
}
