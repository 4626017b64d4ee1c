/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The widget's files, read once when the instance starts and served from memory. Main thread.
 */
#ifndef WEBCHAT_ASSETS_H
#define WEBCHAT_ASSETS_H

#include <usher/usher.h>

#include <glib.h>

typedef struct
{
  char *name; /* "widget.js" */
  const char *type;
  GBytes *plain, *gzip; /* gzip NULL: there is no NAME.gz beside it */
  char *hash;           /* of the content: the entity tag, and the version in addresses */
} WebchatAsset;

enum
{
  WEBCHAT_ASSET_LOADER,
  WEBCHAT_ASSET_APP,
  WEBCHAT_ASSET_STYLE,
  WEBCHAT_ASSETS
};

typedef struct
{
  WebchatAsset files[WEBCHAT_ASSETS];
} WebchatAssets;

/* FALSE: *why says which file is missing and what to do. */
gboolean webchat_assets_load (WebchatAssets *assets, const char *dir, char **why);
void webchat_assets_clear (WebchatAssets *assets);
/* The folder to read from when the setting `assets` is not given. */
char *webchat_assets_default_dir (void);
const WebchatAsset *webchat_assets_find (const WebchatAssets *assets, const char *path);
/* Answers a GET or HEAD: 200, or 304 when the client has it. */
void webchat_asset_serve (const WebchatAsset *asset, const UsherHost *host, UsherExchange *exchange,
                          const UsherRequest *request);
/* Whether If-None-Match names this tag. */
gboolean webchat_etag_matches (const char *if_none_match, const char *etag);
/* Whether Accept-Encoding takes gzip. */
gboolean webchat_accepts_gzip (const char *accept_encoding);

#endif
