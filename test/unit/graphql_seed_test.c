/* graphql_seed_test.c owns the documents that the mission's sources show, word for word. */
#include "graphql_request.h"

int
main(void)
{
	start(NULL);
	ok(ask("query {\n  searchPostsFts(query: \"django orm\") {\n    id\n    title\n    content\n"
		   "    author {\n      username\n    }\n  }\n}\n",
		   NULL),
	   "seed 059: ranked search");
	is_str(value(1), "django orm", "with its words");
	ok(ask("query {\n  searchPostsFts(query: \"django orm tutorial\") {\n    id\n    title\n    "
		   "content\n"
		   "    author {\n      username\n    }\n    hashtags {\n      tag\n    }\n    createdAt\n "
		   " }\n}\n",
		   NULL),
	   "seed 059: ranked search with tags");
	ok(ask("query {\n  hashtagPosts(tag: \"django\") {\n    id\n    title\n    hashtags {\n      "
		   "tag\n"
		   "    }\n  }\n  trendingHashtags(limit: 10) {\n    tag\n    postCount\n  }\n"
		   "  userMentions(userId: 1) {\n    mentionedUser {\n      username\n    }\n    post {\n"
		   "      title\n    }\n  }\n}\n",
		   NULL),
	   "seed 062, 063, 064: three lists at once");
	is_int(asked->nsteps, 1, "P-10: in one statement");
	ok(ask("query {\n  trendingHashtags(limit: 10) {\n    tag\n    postCount\n    createdAt\n  "
		   "}\n}\n",
		   NULL),
	   "seed 063, 085: trending hashtags");
	ok(ask("mutation {\n  createPost(\n    title: \"Django Tips\"\n"
		   "    content: \"@john Check out #django tips for #webdev in 2026!\"\n  ) {\n    post {\n"
		   "      id\n      title\n      hashtags {\n        tag\n      }\n      mentions {\n"
		   "        mentionedUser {\n          username\n        }\n      }\n      createdAt\n    "
		   "}\n"
		   "    success\n    message\n  }\n}\n",
		   NULL),
	   "seed 071, 083, 084: the first post");
	is_str(asked->steps[0].call.values[1], "@john Check out #django tips for #webdev in 2026!",
		   "with its text");
	stop();
	return done_testing();
}
