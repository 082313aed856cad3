/*
 * bridge_hub_test.c: event/hub.c and event/topic.c: who has subscribed to what, and what a topic
 * may be called (issue 14).
 */
#include <stdlib.h>

#include "tap.h"
#include "event/hub.h"
#include "event/topic.h"

static int
count_of(const struct sb_hub *hub, const char *name)
{
	int count = 0;

	for (struct sb_subscription *one = sb_hub_find(hub, name, strlen(name)); one; one = one->next)
		count++;
	return count;
}

static void
count_each(struct sb_subscription *subscription, void *arg)
{
	++*(int *) arg;
}

static void
test_hub(void)
{
	struct sb_hub *hub = sb_hub_new();
	struct sb_subscription *ann = NULL;
	struct sb_subscription *bob = NULL;
	struct sb_subscription *first = sb_hub_add(hub, "post:1", "ann", 7, &ann);
	struct sb_subscription *second = sb_hub_add(hub, "post:1", "bob", 7, &bob);
	struct sb_subscription *feed = sb_hub_add(hub, "feed", "ann", 7, &ann);
	int all = 0;

	is_int(count_of(hub, "post:1"), 2, "two have subscribed to one topic");
	is_int(count_of(hub, "feed"), 1, "one to another");
	is_int(count_of(hub, "post:10"), 0, "nobody to what begins alike");
	ok(sb_hub_find(hub, "post:12", 6) != NULL, "a name is as long as is said");
	ok(first->from == 7, "a subscription begins behind an event");
	ok(ann == feed && feed->next_own == first && first->next_own == NULL, "an owner has his own");
	is_str(sb_hub_name(second), "post:1", "the name of a subscription");
	sb_hub_remove(hub, first, &ann);
	is_int(count_of(hub, "post:1"), 1, "one leaves");
	ok(ann == feed && feed->next_own == NULL, "and is none of the owner's any more");
	sb_hub_remove(hub, second, &bob);
	ok(sb_hub_find(hub, "post:1", 6) == NULL && bob == NULL, "the last takes the topic along");
	for (int i = 0; i < 5000; i++)
	{
		char name[32];

		snprintf(name, sizeof(name), "user:%d", i);
		sb_hub_add(hub, name, "bob", 7, &bob);
	}
	is_int(count_of(hub, "user:4999"), 1, "among five thousand topics one is found");
	is_int(sb_hub_count(hub), 5001, "all are counted");
	sb_hub_each(hub, count_each, &all);
	is_int(all, 5001, "and seen");
	while (bob)
		sb_hub_remove(hub, bob, &bob);
	sb_hub_remove(hub, feed, &ann);
	is_int(sb_hub_count(hub), 0, "until all have left");
	sb_hub_free(hub);
}

static const struct
{
	const char *text;
	bool is_topic;
	int64_t id;
} names[] = {
	{"feed", true, 0},
	{"post:1", true, 1},
	{"post:9007199254740991", true, INT64_C(9007199254740991)},
	{"user:7", true, 7},
	{"notifications:7", true, 7},
	{"hashtag:caf\xc3\xa9", true, 0},
	{"hashtag:a:b", true, 0},
	{"", false, 0},
	{":", false, 0},
	{"feed:", false, 0},
	{"feed:1", false, 0},
	{"Feed", false, 0},
	{"post", false, 0},
	{"post:", false, 0},
	{"post:0", false, 0},
	{"post:01", false, 0},
	{"post:+1", false, 0},
	{"post: 1", false, 0},
	{"post:1 ", false, 0},
	{"post:1:2", false, 0},
	{"post:9007199254740992", false, 0},
	{"posts:1", false, 0},
	{"session:1", false, 0},
	{"hashtag:", false, 0},
	{"hashtag:\xff", false, 0},
};

static void
test_names(void)
{
	char longest[SB_TOPIC_MAX + 1] = "hashtag:";
	struct sb_topic_name name;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		char label[100];
		bool is_topic = sb_topic_read(names[i].text, &name);

		snprintf(label, sizeof(label), "'%s' is %s topic", names[i].text,
				 names[i].is_topic ? "a" : "no");
		ok(is_topic == names[i].is_topic && (!is_topic || name.id == names[i].id), label);
	}
	memset(longest + 8, 'x', SB_TOPIC_MAX - 8);
	ok(!sb_topic_read(longest, &name), "a name that is too long is none");
	longest[SB_TOPIC_MAX - 1] = '\0';
	ok(sb_topic_read(longest, &name), "one byte less is one");
}

int
main(void)
{
	test_hub();
	test_names();
	return done_testing();
}
