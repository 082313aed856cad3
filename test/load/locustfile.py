"""The users of a social network, for Locust: 70 % browse their feed, 15 % write, 10 % watch, 5 % search
(seed 154).

`make load SCENARIO=normal` runs a scenario against an instance of its own and prints the summary; with
Locust alone, against what is yours: `locust -f test/load/locustfile.py --host=http://127.0.0.1:8000`.

    SCENARIO       normal, stress, spike, endurance; smoke is that of the test. None: Locust asks how many
    LOAD_USERS     at its peak, instead of what the scenario says
    LOAD_SECONDS   how long all of it takes, likewise
    LOAD_THINK     1: seconds between what somebody does, from half of it to half more
    LOAD_ACCOUNTS  names, with commas between; default: the demo data's
    LOAD_PASSWORD  theirs

Users outnumber accounts: those of one account share its session, as tabs of one browser do, and accounts
log in one after another. So a spike of users is one of requests, not of passwords to hash. They write in the
accounts' names: posts, comments, likes.
"""
import collections
import itertools
import logging
import os
import random
import sys
import time
import urllib.parse

import gevent
import gevent.lock
from locust import FastHttpUser, LoadTestShape, events, task
from locust.stats import RequestStats

# Stages: users, seconds, and how many of those that are missing come in a second.
SCENARIOS = {
    "smoke": [(20, 4, 20)],
    "normal": [(100, 60, 10)],
    "stress": [(100, 20, 10), (200, 20, 20), (400, 20, 40), (800, 20, 80)],
    "spike": [(60, 20, 10), (600, 20, 600), (60, 20, 10)],
    "endurance": [(100, 900, 10)],
}
WORDS = ["django", "postgresql", "graphql", "python", "sourdough", "football", "photography", "deployments"]


def setting(name, default):
    return type(default)(os.environ.get(name) or default)


SCENARIO = setting("SCENARIO", "")
THINK = setting("LOAD_THINK", 1.0)
PASSWORD = setting("LOAD_PASSWORD", "demo-password")


def stages():
    if not SCENARIO:
        return []
    if SCENARIO not in SCENARIOS:
        sys.exit(f"no scenario {SCENARIO}; there are {', '.join(SCENARIOS)}")
    peak = max(users for users, _, _ in SCENARIOS[SCENARIO])
    length = sum(seconds for _, seconds, _ in SCENARIOS[SCENARIO])
    larger = setting("LOAD_USERS", peak) / peak
    longer = setting("LOAD_SECONDS", float(length)) / length
    return [(max(1, round(users * larger)), seconds * longer, max(1, coming * larger / longer)) for users, seconds, coming in SCENARIOS[SCENARIO]]


STAGES = stages()
ENDS = list(itertools.accumulate(seconds for _, seconds, _ in STAGES))

# ---- who they are ---------------------------------------------------------------------------


def failed_as(response):
    """How an answer that is no success is told in the summary: its status, and its code if it has one."""
    try:
        return f"{response.status_code} {response.json()['code']}"
    except Exception:  # whatever came instead of the agreed body
        return f"{response.status_code} {response.error or ''}".strip()


def ask(client, name, method, path, wanted, body=None, token=None):
    """A request that fails unless it succeeds and its answer has the wanted members; {} if it failed."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with client.request(method, path, name=name, json=body, headers=headers, catch_response=True) as response:
        if not 200 <= response.status_code < 300:
            response.failure(failed_as(response))
            return {}
        try:
            answer = response.json()
        except ValueError:
            response.failure("no JSON")
            return {}
        missing = [member for member in wanted if member not in answer]
        if missing:
            response.failure(f"without {' '.join(missing)}")
            return {}
        return answer


class Account:
    """One session, logged in when it is first needed and renewed before its token ends."""

    turn = gevent.lock.Semaphore()

    def __init__(self, name):
        self.name = name
        self.session = {}
        self.renew_at = 0

    def token(self, client):
        if time.monotonic() < self.renew_at:
            return self.session.get("access")
        with self.turn:
            if time.monotonic() >= self.renew_at:
                wanted = ("access", "refresh", "expires_in")
                if self.session:
                    self.session = ask(client, "account: refresh", "POST", "/api/auth/refresh/", wanted, {"refresh": self.session["refresh"]})
                else:
                    self.session = ask(client, "account: login", "POST", "/api/auth/login/", wanted, {"username": self.name, "password": PASSWORD})
                self.renew_at = time.monotonic() + self.session.get("expires_in", 0) / 2
            return self.session.get("access")


NAMES = setting("LOAD_ACCOUNTS", "alice,bob,carol,dave,erin,john").split(",")
ACCOUNTS = itertools.cycle([Account(name) for name in NAMES])
present = collections.Counter()
at_peak = collections.Counter()


class Person(FastHttpUser):
    """A user's visit is a row of requests, with time to think between them; then comes the next."""

    abstract = True

    def on_start(self):
        self.account = next(ACCOUNTS)
        present[type(self)] += 1
        if sum(present.values()) > sum(at_peak.values()):
            at_peak.clear()
            at_peak.update(present)

    def on_stop(self):
        present[type(self)] -= 1

    def ask(self, name, method, path, wanted, body=None):
        return ask(self.client, name, method, path, wanted, body, self.account.token(self.client))

    def page(self, name, path):
        return self.ask(name, "GET", path, ("results", "next"))

    def think(self):
        gevent.sleep(random.uniform(0.5, 1.5) * THINK)

    def read(self, what, post):
        """Opens a post and what is said under it."""
        self.ask(f"{what}: post", "GET", f"/api/posts/posts/{post['id']}/", ("id", "title", "content", "likes_count"))
        self.page(f"{what}: comments", f"/api/posts/posts/{post['id']}/comments/")


# ---- what they do ---------------------------------------------------------------------------


class FeedBrowsingUser(Person):
    weight = 70

    @task
    def visit(self):
        page = self.page("feed: page", "/api/posts/feed/")
        posts = page.get("results", [])
        self.think()
        if page.get("next"):
            posts += self.page("feed: next page", f"/api/posts/feed/?after={urllib.parse.quote(page['next'])}").get("results", [])
            self.think()
        if posts:
            post = random.choice(posts)
            self.read("feed", post)
            self.think()
            self.ask("feed: like", "POST", f"/api/posts/posts/{post['id']}/like/", ("liked", "likes_count"))
        self.think()


class ContentCreationUser(Person):
    weight = 15

    @task
    def visit(self):
        text = f"Seen on day {random.randint(1, 5000)}: #load and #{random.choice(WORDS)}, with @{random.choice(NAMES)}."
        self.ask("create: post", "POST", "/api/posts/posts/", ("id", "hashtags", "mentions"), {"title": "Notes from a walk", "content": text})
        self.think()
        newest = self.page("create: newest", "/api/posts/posts/").get("results", [])
        self.think()
        # Under others' posts not everybody may write.
        open_to_all = [post for post in newest if post["reply_settings"] == "everyone"]
        if open_to_all:
            post = random.choice(open_to_all)
            self.ask("create: comment", "POST", f"/api/posts/posts/{post['id']}/comments/", ("id", "content"), {"content": "I had not thought of it that way."})
        self.think()


class StreamViewerUser(Person):
    weight = 10

    @task
    def visit(self):
        self.watch()
        self.think()

    def watch(self):
        """The seeds' viewers of live streams, which are not there yet: until they are, these read one of
        the newest posts with its comments, as a stream is watched beside its chat, and are counted as
        its viewers. What a viewer does stands here alone."""
        newest = self.page("watch: newest", "/api/posts/posts/").get("results", [])
        self.think()
        if newest:
            post = random.choice(newest)
            self.read("watch", post)
            self.ask("watch: view", "POST", f"/api/posts/posts/{post['id']}/views/", ("id", "views_count"))


class SearchAndDiscoveryUser(Person):
    weight = 5

    @task
    def visit(self):
        word = random.choice(WORDS)
        self.page("search: posts", f"/api/posts/search/?query={word}")
        self.think()
        self.page("search: people", f"/api/posts/search/users/?query={random.choice(NAMES)[:4]}")
        self.think()
        self.page("search: hashtags", f"/api/posts/search/hashtags/?query={word[:3]}")
        self.think()
        self.page("search: trending", "/api/posts/trending/")
        self.think()


# ---- how many, and how long ------------------------------------------------------------------

if STAGES:

    class Scenario(LoadTestShape):
        def tick(self):
            for (users, _, coming), end in zip(STAGES, ENDS):
                if self.get_run_time() < end:
                    return users, coming
            return None

    began = time.monotonic()
    of_stage = [RequestStats() for _ in STAGES]

    @events.test_start.add_listener
    def start(environment, **_):
        global began
        began = time.monotonic()

    @events.request.add_listener
    def count(request_type, name, response_time, response_length, exception, **_):
        # Those that end after the last stage are its own: everybody may finish a visit.
        stage = next((n for n, end in enumerate(ENDS) if time.monotonic() - began < end), len(ENDS) - 1)
        of_stage[stage].log_request(request_type, name, response_time, response_length)
        if exception:
            of_stage[stage].log_error(request_type, name, exception)

    @events.init.add_listener
    def quiet(environment, **_):
        logging.getLogger("locust.stats_logger").disabled = True  # its own tables

    def row(name, entry, seconds):
        times = [entry.get_response_time_percentile(part) or 0 for part in (0.5, 0.95, 0.99)]
        print(f"{name:<28} {entry.num_requests:>9} {entry.num_failures:>9} {entry.num_requests / seconds:>9.1f} " + " ".join(f"{ms:>7.0f}" for ms in times))

    @events.quitting.add_listener
    def summarize(environment, **_):
        stats = environment.stats
        seconds = time.monotonic() - began
        limits = f", RATE_LIMITS={os.environ['RATE_LIMITS']}" if os.environ.get("RATE_LIMITS") else ""
        print(f"\nscenario {SCENARIO}: up to {sum(at_peak.values())} users, {seconds:.0f} s, {len(NAMES)} accounts{limits}")
        print("users: " + ", ".join(f"{kind.__name__} {at_peak[kind]}" for kind in (FeedBrowsingUser, ContentCreationUser, StreamViewerUser, SearchAndDiscoveryUser)))
        print(f"\n{'request':<28} {'requests':>9} {'failures':>9} {'a second':>9} {'p50 ms':>7} {'p95 ms':>7} {'p99 ms':>7}")
        for entry in sorted(stats.entries.values(), key=lambda entry: entry.name):
            row(entry.name, entry, seconds)
        row("all", stats.total, seconds)
        if len(STAGES) > 1:
            print()
            for (users, length, _), part in zip(STAGES, of_stage):
                row(f"stage of {users} users", part.total, length)
        for error in stats.errors.values():
            print(f"failed: {error.name}: {error.error} ({error.occurrences} times)")
        for exception in environment.runner.exceptions.values():
            print(f"broken: {exception['msg']} ({exception['count']} times)\n{exception['traceback']}")
        good = stats.total.num_requests and not stats.total.num_failures and not environment.runner.exceptions
        environment.process_exit_code = 0 if good else 1
