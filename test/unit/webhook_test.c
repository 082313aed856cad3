/*
 * webhook_test.c proves the form of webhooks (issue 17 line 6): secrets, signatures by the vectors
 * of the specification's libraries, and where webhooks may go.
 */
#include "tap.h"

#include "core/network.h"
#include "core/webhook.h"

#define HMAC "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define SIGNER                                                                                     \
	"whsk_6Xb/dCcHpPea21PS1N9VY/"                                                                  \
	"NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
#define ID   "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define BODY "{\"test\": 2432232314}"

static const char *const not_secrets[] = {
	"",
	"whsec_",
	"whsk_",
	"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
	"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw=",
	"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n",
	"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa==",
	"whsec_MfKQ9r8G-YqrTwjUPD8ILPZIo2LaLaSw",
	"whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	"whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvw==",
	"whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="};

static void
test_secrets(void)
{
	struct social_webhook_key key;
	char text[SOCIAL_WEBHOOK_TEXT_SIZE];
	char other[SOCIAL_WEBHOOK_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(not_secrets) / sizeof(not_secrets[0]); i++)
		ok(!social_webhook_key_parse(not_secrets[i], strlen(not_secrets[i]), &key), not_secrets[i]);
	for (int kind = SOCIAL_WEBHOOK_HMAC; kind <= SOCIAL_WEBHOOK_ED25519; kind++)
	{
		ok(social_webhook_key_make(kind, text) && social_webhook_key_make(kind, other) &&
			   strcmp(text, other) != 0,
		   "fresh secrets differ");
		ok(social_webhook_key_parse(text, strlen(text), &key) && (int) key.kind == kind,
		   "and are what they say");
	}
	ok(social_webhook_key_parse(SIGNER, strlen(SIGNER), &key) &&
		   social_webhook_key_public(&key, text),
	   "an ed25519 secret has a public key");
	is_str(text, "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=", "which is this one");
	ok(social_webhook_key_parse(HMAC, strlen(HMAC), &key) && !social_webhook_key_public(&key, text),
	   "an HMAC secret has none");
}

static void
test_signatures(void)
{
	struct social_webhook_key key;
	char text[SOCIAL_WEBHOOK_SIGNED_SIZE];
	char id[300];

	ok(social_webhook_key_parse(HMAC, strlen(HMAC), &key) &&
		   social_webhook_sign(&key, ID, strlen(ID), 1614265330, BODY, strlen(BODY), text),
	   "HMAC signs");
	is_str(text, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "as the libraries do");
	ok(social_webhook_key_parse(SIGNER, strlen(SIGNER), &key) &&
		   social_webhook_sign(&key, ID, strlen(ID), 1614265330, BODY, strlen(BODY), text) &&
		   strncmp(text, "v1a,", 4) == 0 && strlen(text) == 92,
	   "ed25519 signs; receivers of test/worker verify it");
	memset(id, 'x', sizeof(id));
	ok(!social_webhook_sign(&key, id, sizeof(id), 1, "", 0, text), "no id is that long");
	ok(!social_webhook_sign(&key, "a\0b", 3, 1, "", 0, text), "nor has a NUL");
}

/* Addresses and networks are told in SQL, too: test/pgtap/outgoing_webhook.sql has the long list.
 */
static const struct
{
	const char *address;
	const char *owner;
} addresses[] = {{"93.184.216.34", NULL},          {"2606:4700::1", NULL},
				 {"64:ff9b::5db8:d822", NULL},     {"127.0.0.1", "loopback"},
				 {"::ffff:127.0.0.1", "loopback"}, {"64:ff9b::7f00:1", "loopback"},
				 {"2002:a9fe:a9fe::", "metadata"}, {"169.254.169.254", "metadata"},
				 {"fe80::1", "link-local"},        {"::", "this host"}};

static void
test_networks(void)
{
	struct social_networks networks;
	struct social_address address;
	const char *list = "10.0.0.0/8, fd00::/9 192.168.1.129/25,";

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
	{
		const char *owner;

		ok(social_address_parse(addresses[i].address, strlen(addresses[i].address), &address),
		   addresses[i].address);
		owner = social_address_owner(&address);
		is_str(owner ? owner : "", addresses[i].owner ? addresses[i].owner : "", "whose it is");
	}
	ok(social_networks_parse(list, strlen(list), &networks) == NULL && networks.count == 3, list);
#define HAS(text)                                                                                  \
	(social_address_parse(text, strlen(text), &address) &&                                         \
	 social_networks_have(&networks, &address))
	ok(HAS("10.255.0.1") && HAS("::ffff:10.0.0.1") && HAS("192.168.1.128") && HAS("fd7f::1"),
	   "what lies in them");
	ok(!HAS("11.0.0.0") && !HAS("192.168.1.127") && !HAS("fd80::1") && !HAS("::10.0.0.1"),
	   "what does not");
	ok(social_networks_parse("", 0, &networks) == NULL && networks.count == 0, "none");
	ok(social_networks_parse("10.0.0.0/33", 11, &networks) &&
		   social_networks_parse("10.0.0.0/-1", 11, &networks) &&
		   social_networks_parse("10.0.0.0/", 9, &networks) &&
		   social_networks_parse("/8", 2, &networks),
	   "what is none");
	list = "10.0.0.1, 10.0.0, ::1";
	is_str(social_networks_parse(list, strlen(list), &networks), list + 10, "which item it is");
}

static void
test_addresses(void)
{
	struct social_networks networks = {0};
	static const char *const good[] = {"https://example.com", "https://example.com:443/a?b=c",
									   "https://[2606:4700::1]/"};
	static const char *const bad[] = {"",
									  "https://",
									  "http://example.com/",
									  "https://a@b/",
									  "https://a/#b",
									  "https://a:0/",
									  "https://[::1]/",
									  "https://10.0.0.1/",
									  "https://a b/",
									  "https://a\n/",
									  "https://[::1",
									  "https://?a"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(social_webhook_url_problem(good[i], strlen(good[i]), false, &networks) == NULL, good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(social_webhook_url_problem(bad[i], strlen(bad[i]), false, &networks) != NULL,
		   "not an address to tell");
	ok(social_webhook_url_problem("http://example.com/", 19, true, &networks) == NULL,
	   "http where it is allowed");
}

int
main(void)
{
	test_secrets();
	test_signatures();
	test_networks();
	test_addresses();
	return done_testing();
}
