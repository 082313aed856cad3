/*
 * address.c owns the addresses at which objects of the media store can be read (address.h).
 *
 * What is remembered holds while the store's row is the one that it was made of: an update makes
 * another one, in this transaction or in others that its snapshot sees. No message holds a secret.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/call.h"
#include "base/errors.h"
#include "base/table.h"
#include "core/cloudfront.h"
#include "core/sigv4.h"
#include "media/address.h"

PG_FUNCTION_INFO_V1(social_media_url);
PG_FUNCTION_INFO_V1(social_picture_url);

#define KEPT        256 /* addresses; a power of two */
#define VARIANTS    "media/"
#define PUBLIC_LIFE 172800 /* seconds: media of public posts are looked at again and again */

/* What social.media_store_facts() says, in its order. */
enum fact
{
	ACCESS_KEY,
	SECRET_KEY,
	REGION,
	ORIGIN, /* what stands before the path; empty where addresses are paths */
	HOST,   /* what is signed */
	PATH,   /* below which the keys are */
	PUBLIC_URL,
	SIGNED_SECONDS,
	CDN_KEY_ID, /* who signs below PUBLIC_URL; empty: nobody */
	CDN_KEY,    /* with what, as PEM */
	NFACTS
};

/* What an address is of, and for whom. */
enum purpose
{
	FOR_SOME, /* who may see it is asked each time */
	FOR_ALL,
	PICTURE /* of a profile: the key is that of the file that was sent */
};

struct kept
{
	char *key;
	int len;
	enum purpose purpose;
	int64 at; /* from when on it is good */
	char *url;
};

static struct
{
	MemoryContext memory; /* of all that is below; NULL: nothing is known */
	TransactionId writer; /* which version of the row it is */
	ItemPointerData line;
	char *facts[NFACTS];
	struct kept kept[KEPT];
	struct kept pass; /* what CloudFront lets the last file be read with; the key is a resource */
} store;

/* ---- the store ------------------------------------------------------------------------------ */

static void
forget(void)
{
	if (store.memory != NULL)
		MemoryContextDelete(store.memory);
	memset(&store, 0, sizeof(store));
}

static void
learn(Datum facts, const HeapTupleData *row)
{
	MemoryContext memory =
		AllocSetContextCreate(TopMemoryContext, "social media store", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(memory);
	Datum *items;
	bool *nulls;
	int nitems;

	deconstruct_array(DatumGetArrayTypeP(facts), TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls,
					  &nitems);
	if (nitems != NFACTS)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR), errmsg("the media store has other facts")));
	for (int i = 0; i < NFACTS; i++)
		store.facts[i] = nulls[i] ? pstrdup("") : TextDatumGetCString(items[i]);
	MemoryContextSwitchTo(caller);
	store.writer = HeapTupleHeaderGetRawXmin(row->t_data);
	store.line = row->t_self;
	store.memory = memory;
}

/* Whether there is a store; if so, what is known is about the row that the snapshot sees. */
static bool
know_store(void)
{
	Relation table = social_table_open("media_store", AccessShareLock);
	SysScanDesc scan = systable_beginscan(table, InvalidOid, false, GetActiveSnapshot(), 0, NULL);
	HeapTuple row = systable_getnext(scan);
	bool is_there = HeapTupleIsValid(row);
	Datum facts;

	if (is_there &&
		(store.memory == NULL || HeapTupleHeaderGetRawXmin(row->t_data) != store.writer ||
		 !ItemPointerEquals(&row->t_self, &store.line)))
	{
		forget();
		is_there = social_call("media_store_facts", InvalidOid, (Datum) 0, true, &facts);
		if (is_there)
			learn(facts, row);
	}
	systable_endscan(scan);
	table_close(table, NoLock);
	return is_there;
}

/* ---- addresses ------------------------------------------------------------------------------ */

/* From when on an address for this purpose is good, and for how many seconds. */
static int64
beginning(enum purpose purpose, int64 *life)
{
	int64 now = GetCurrentTransactionStartTimestamp() / USECS_PER_SEC +
				(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY;
	int64 half;

	*life = purpose == FOR_SOME ? pg_strtoint32(store.facts[SIGNED_SECONDS]) : PUBLIC_LIFE;
	half = *life / 2;
	return now / half * half;
}

/* A signed address; palloc'd. */
static char *
sign(const char *key, int len, int64 at, int64 life)
{
	struct social_sigv4_key signer = {.access_key = store.facts[ACCESS_KEY],
									  .secret = store.facts[SECRET_KEY],
									  .region = store.facts[REGION],
									  .service = "s3"};
	char *path = psprintf("%s/%.*s", store.facts[PATH], len, key);
	char *encoded = palloc(3 * strlen(path) + 1);
	char out[SOCIAL_SIGV4_GET_SIZE];
	size_t encoded_len = social_sigv4_encode(path, strlen(path), true, encoded);

	if (social_sigv4_presign_get(&signer, store.facts[HOST], encoded, encoded_len, at, life, out) !=
		SOCIAL_SIGV4_OK)
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
						errmsg("could not sign an address of the media store")));
	return psprintf("%s%s?%s", store.facts[ORIGIN], encoded, out);
}

static bool
begins_with(const char *text, int len, const char *prefix)
{
	int prefix_len = strlen(prefix);

	return len >= prefix_len && memcmp(text, prefix, prefix_len) == 0;
}

/* Base64 of CloudFront; palloc'd. */
static char *
base64(const char *text)
{
	char *out = palloc(SOCIAL_CLOUDFRONT_BASE64_SIZE(strlen(text)));

	social_cloudfront_base64((const unsigned char *) text, strlen(text), out);
	return out;
}

/* The parameters with which CloudFront lets a resource be read until then; palloc'd. */
static char *
sign_pass(const char *resource, int64 until)
{
	char *policy = psprintf("{\"Statement\":[{\"Resource\":\"%s\",\"Condition\":{\"DateLessThan\":"
							"{\"AWS:EpochTime\":" INT64_FORMAT "}}}]}",
							resource, until);
	char signature[SOCIAL_CLOUDFRONT_SIGNATURE_SIZE];

	if (social_cloudfront_sign(store.facts[CDN_KEY], strlen(store.facts[CDN_KEY]), policy,
							   strlen(policy), signature) != SOCIAL_CLOUDFRONT_OK)
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
						errmsg("could not sign an address of the media store's CDN")));
	return psprintf("Policy=%s&Signature=%s&Key-Pair-Id=%s", base64(policy), signature,
					store.facts[CDN_KEY_ID]);
}

/*
 * An address of CloudFront; palloc'd. Whoever sees one variant of a file sees all, and a signature
 * takes as long as a statement: one pass is for all of them, and is kept for the next one.
 */
static char *
sign_for_cdn(const char *key, int len, int64 until)
{
	int prefix = len;
	char *resource;

	if (begins_with(key, len, VARIANTS))
		while (prefix > 0 && key[prefix - 1] != '/')
			prefix--;
	resource = psprintf("%s/%.*s%s", store.facts[PUBLIC_URL], prefix, key, prefix < len ? "*" : "");
	if (store.pass.url == NULL || store.pass.at != until || strcmp(store.pass.key, resource) != 0)
	{
		char *pass = sign_pass(resource, until);

		if (store.pass.url != NULL)
		{
			pfree(store.pass.url);
			store.pass.url = NULL;
			pfree(store.pass.key);
		}
		store.pass.key = MemoryContextStrdup(store.memory, resource);
		store.pass.url = MemoryContextStrdup(store.memory, pass);
		store.pass.at = until;
	}
	return psprintf("%s/%.*s?%s", store.facts[PUBLIC_URL], len, key, store.pass.url);
}

static char *
make(const char *key, int len, enum purpose purpose, int64 at, int64 life)
{
	if (*store.facts[CDN_KEY_ID] != '\0')
		return sign_for_cdn(key, len, at + life);
	if (purpose != FOR_SOME && *store.facts[PUBLIC_URL] != '\0')
		return psprintf("%s/%.*s", store.facts[PUBLIC_URL], len, key);
	return sign(key, len, at, life);
}

/* What the address is of, where that is not the key itself; false: of nothing. */
static bool
find_variant(const char *key, int len, const char **variant, int *variant_len)
{
	Datum found;

	if (!social_call("picture_variant", TEXTOID,
					 PointerGetDatum(cstring_to_text_with_len(key, len)), false, &found))
		return false;
	*variant = VARDATA_ANY(DatumGetTextPP(found));
	*variant_len = VARSIZE_ANY_EXHDR(DatumGetTextPP(found));
	return true;
}

static const char *
find(const char *key, int len, enum purpose purpose)
{
	const char *object = key;
	int object_len = len;
	struct kept *kept;
	MemoryContext caller;
	int64 life;
	int64 at;
	char *url;

	if (!know_store())
		return NULL;
	at = beginning(purpose, &life);
	kept = &store.kept[(hash_bytes((const unsigned char *) key, len) + purpose) & (KEPT - 1)];
	if (kept->url != NULL && kept->at == at && kept->purpose == purpose && kept->len == len &&
		memcmp(kept->key, key, len) == 0)
		return kept->url;
	if (purpose == PICTURE && !find_variant(key, len, &object, &object_len))
		return NULL;
	url = make(object, object_len, purpose, at, life);
	if (kept->url != NULL)
	{
		pfree(kept->key);
		pfree(kept->url);
		kept->url = NULL;
	}
	caller = MemoryContextSwitchTo(store.memory);
	kept->key = pnstrdup(key, len);
	kept->url = pstrdup(url);
	MemoryContextSwitchTo(caller);
	kept->len = len;
	kept->purpose = purpose;
	kept->at = at;
	return kept->url;
}

const char *
social_address_of(const char *key, int len, bool is_public)
{
	return find(key, len, is_public ? FOR_ALL : FOR_SOME);
}

const char *
social_address_of_picture(const char *picture, int len)
{
	if (begins_with(picture, len, SOCIAL_UPLOADS))
		return find(picture, len, PICTURE);
	if (begins_with(picture, len, "https://") || begins_with(picture, len, "http://"))
		return pnstrdup(picture, len);
	return NULL;
}

/* ---- SQL ------------------------------------------------------------------------------------ */

/* media_url(key text, is_public boolean) text: null where there is no store. */
Datum
social_media_url(PG_FUNCTION_ARGS)
{
	text *key = PG_GETARG_TEXT_PP(0);
	const char *url =
		social_address_of(VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key), PG_GETARG_BOOL(1));

	if (url == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(url));
}

/* picture_url(picture text) text: null for what cannot be shown. */
Datum
social_picture_url(PG_FUNCTION_ARGS)
{
	text *picture = PG_GETARG_TEXT_PP(0);
	const char *url = social_address_of_picture(VARDATA_ANY(picture), VARSIZE_ANY_EXHDR(picture));

	if (url == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(url));
}
