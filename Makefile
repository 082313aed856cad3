# social: a social network back end inside PostgreSQL, and its bridge to HTTP.
#
#   make            build the extension and the bridge
#   make run        everything in the foreground, with demo data, on http://127.0.0.1:8000; Ctrl-C stops it
#   make up         the same in the background; where it runs, restart what changed
#   make status     what runs where                            make restart    all of it anew
#   make down       stop it; the data stays in RUN_DIR
#   make test       prove it (TESTS="test/pgtap test/http/rest.t": some of it)
#   make bench      measure it (BENCH="feed search": some of it)
#   make load       put users on it (SCENARIO=normal; stress, spike, endurance)
#   make lint / asan / tsan / fuzz (FUZZ_SECONDS=60: each target) / valgrind / installcheck (in a running server)
#   make fresh      the README's commands on a Debian that has nothing of ours (needs root)
#   make images     docker/: the images built and run without a container engine (IMAGES=trixie; needs root)
#   make matrix     `make test` on each Debian that serves (MATRIX="13": one; needs root)
#   make install    install the extension (PGXS)
#   make uninstall  remove what `make install` installed; data goes with `make purge`
#   make purge      stop the instance and delete RUN_DIR, with all that is in its database
#   make clean      delete what was built
#
EXTENSION  = social
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" social.control)
PG_CONFIG := $(or $(PG_CONFIG),$(shell docker/pg-config))
export PG_CONFIG
CLANG     ?= clang

# ---- the extension (PGXS) -------------------------------------------------------------------
# Pure cores: no server headers; the bridge and the unit tests link them too.
CORE_SRCS  = $(sort $(wildcard extension/core/*.c))
CORE_LIBS  = -ljansson -lsodium -licuuc -lcrypto -lm

# Run once, in this order; then the re-runnable files, in this order. A file that is not listed, or a
# name without a file, fails the build.
SQL_SCHEMA = $(patsubst %,sql/schema/%.sql, database user key session api_key account consent mail follow relation hashtag post mention comment reaction share feed counter notification trending moderation audit ratelimit retention language search_like document idempotency django event job media stream stream_mux webhook sport outgoing_webhook deletion export)
SQL_API    = $(patsubst %,sql/api/%.sql, column_number core audit ratelimit text page language observed counter recount visibility user relation key session api_key mail verification password register totp login follow post comment reaction share hashtag mention search search_like node feed notification trending moderation content_rule account consent security deletion retention document job job_claim job_schedule job_operator event s3 cloudfront media media_sweep bucket stream stream_event stream_view stream_ingest stream_chat stream_analytics stream_mux webhook sport outgoing_webhook outgoing_webhook_delivery personal export import idempotency version admin_view replication check demo django policy worker metrics cache bridge column help grant)
unlisted   = $(filter-out $(SQL_SCHEMA) $(SQL_API),$(wildcard sql/schema/*.sql sql/api/*.sql))
$(if $(unlisted),$(error no list in the Makefile names $(unlisted)))

MODULE_big   = social
OBJS         = $(patsubst %.c,%.o,$(sort $(wildcard extension/*.c extension/*/*.c)))
# One script from each earlier version to this one; sql/release has those that were released as they were.
EARLIER      = $(foreach delta,$(notdir $(wildcard sql/upgrade/*.sql)),$(firstword $(subst --, ,$(delta))))
UPGRADES     = $(EARLIER:%=social--%--$(EXTVERSION).sql)
# The tables' deltas from release $(1) on, oldest first.
# The numbers of columns that C knows, for sql/api/column_number.sql.
NUMBERS      = $(shell sed -n 's/^\tSOCIAL_\([A-Z_]*\) = \([0-9]*\),*$$/\1=\2/p' extension/base/column.h)
deltas       = $(shell ls sql/upgrade/*.sql | sort -V | sed -n '\|/$(1)--|,$$p')
DATA_built   = social--$(EXTVERSION).sql $(UPGRADES)
DATA         = $(wildcard sql/release/*.sql)
SHLIB_LINK   = $(CORE_LIBS)
WARNINGS     = -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wshadow=local \
               -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers -Wno-declaration-after-statement
PG_CPPFLAGS  = -Iextension
PG_CFLAGS    = $(WARNINGS) -MMD -MP
with_llvm    = no
NO_INSTALLCHECK = 1
EXTRA_CLEAN  = build $(wildcard extension/*.d extension/*/*.d)

ifneq ($(wildcard $(PG_CONFIG)),)
PGXS := $(shell $(PG_CONFIG) --pgxs)
override with_llvm = no
include $(PGXS)
endif
-include $(OBJS:.o=.d)
extension/base/version.o: CPPFLAGS += -DSOCIAL_VERSION='"$(EXTVERSION)"'
extension/base/version.o: social.control

.DEFAULT_GOAL := all
all: bridge

social--$(EXTVERSION).sql: $(SQL_SCHEMA) $(SQL_API) extension/base/column.h social.control Makefile
	@printf '%s\n' '\echo Use "CREATE EXTENSION social" to load this file. \quit' > $@.tmp
	@cat $(SQL_SCHEMA) $(SQL_API) | sed 's/@COLUMN_NUMBERS@/$(NUMBERS)/' >> $@.tmp
	@mv $@.tmp $@

# An update: the tables' deltas, then everything that is re-runnable.
social--%--$(EXTVERSION).sql: $(wildcard sql/upgrade/*.sql) $(SQL_API) extension/base/column.h social.control Makefile
	@printf '%s\n' '\echo Use "ALTER EXTENSION social UPDATE" to load this file. \quit' > $@.tmp
	@cat $(call deltas,$*) $(SQL_API) | sed 's/@COLUMN_NUMBERS@/$(NUMBERS)/' >> $@.tmp
	@mv $@.tmp $@

# ---- the bridge and the worker --------------------------------------------------------------
BUILD         = build/$(VARIANT)
VARIANT      ?= release
VARIANT_FLAGS_release = -O2
SANITIZE      = -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
VARIANT_FLAGS_asan    = $(SANITIZE) -fsanitize=fuzzer-no-link # fuzz targets link the same objects
VARIANT_FLAGS_tsan    = -O1 -fsanitize=thread -fno-omit-frame-pointer
BRIDGE_CC     = $(if $(filter release,$(VARIANT)),gcc,$(CLANG))
BRIDGE_FLAGS  = -std=gnu11 -g $(VARIANT_FLAGS_$(VARIANT)) \
                $(if $(findstring clang,$(BRIDGE_CC)),$(patsubst -Wshadow=local,-Wshadow,$(WARNINGS)),$(WARNINGS)) -MMD -MP -Ibridge -Iextension \
                -I$(shell $(PG_CONFIG) --includedir 2>/dev/null) -D_GNU_SOURCE \
                -DSOCIAL_VERSION='"$(EXTVERSION)"' -DSCHEMA_FILE='"$(SCHEMA_FILE)"'
# The GraphQL schema: one file a domain, served as one.
SCHEMA_FILES  = $(addprefix bridge/graphql/schema/,base.graphql $(sort $(filter-out base.graphql,$(notdir $(wildcard bridge/graphql/schema/*.graphql)))))
SCHEMA_FILE   = $(BUILD)/schema.graphql
untaken       = $(filter-out %~ $(SCHEMA_FILES),$(wildcard bridge/graphql/schema/* bridge/graphql/*.graphql))
$(if $(untaken),$(error no part of the GraphQL schema is named $(untaken)))
BRIDGE_LIBS   = -lpq -lmicrohttpd -lgnutls -lwslay -lhiredis -lxxhash -lz -lbrotlienc -lmaxminddb -luring $(CORE_LIBS) -lpthread
# What the worker has alone, and what the two programs share.
WORKER_OWN    = bridge/worker_main.c $(wildcard bridge/worker/*.c)
WORKER_SRCS   = $(sort $(WORKER_OWN) bridge/service.c bridge/systemd.c $(filter-out bridge/loop/sends.c,$(wildcard bridge/base/*.c bridge/loop/*.c bridge/pg/*.c))) $(CORE_SRCS)
WORKER_OBJS   = $(WORKER_SRCS:%.c=$(BUILD)/%.o)
WORKER_LIBS   = -lpq -lcurl -lmagic -larchive -lz -lbrotlienc $(CORE_LIBS) -lpthread
WORKER_BIN    = $(BUILD)/social-worker
BRIDGE_SRCS   = $(sort $(filter-out $(WORKER_OWN),$(wildcard bridge/*.c bridge/*/*.c))) $(CORE_SRCS)
BRIDGE_OBJS   = $(BRIDGE_SRCS:%.c=$(BUILD)/%.o)
BRIDGE_MAIN   = $(BUILD)/bridge/main.o
BRIDGE_BIN    = $(BUILD)/social-bridge
UNIT_BINS     = $(patsubst test/unit/%.c,$(BUILD)/test/unit/%,$(wildcard test/unit/*_test.c))

.PHONY: all bridge unit deps help run up down restart status purge test installcheck bench load lint asan tsan fuzz valgrind fresh matrix images
bridge: $(BRIDGE_BIN) $(WORKER_BIN)
unit: $(UNIT_BINS) $(BUILD)/test/unit/graphql_explain # which tests run

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(BRIDGE_CC) $(BRIDGE_FLAGS) -c $< -o $@
$(SCHEMA_FILE): $(SCHEMA_FILES) bridge/graphql/schema/.
	@mkdir -p $(@D)
	@cat $(SCHEMA_FILES) > $@
$(BUILD)/bridge/graphql/schema_text.o: $(SCHEMA_FILE)
$(BUILD)/bridge/api/web.o: $(wildcard bridge/web/*.html bridge/web/*.js bridge/web/*.css bridge/web/*.graphql bridge/web/realtime/*)
$(BRIDGE_BIN): $(BRIDGE_OBJS)
	$(BRIDGE_CC) $(BRIDGE_FLAGS) $^ $(BRIDGE_LIBS) -o $@
$(WORKER_BIN): $(WORKER_OBJS)
	$(BRIDGE_CC) $(BRIDGE_FLAGS) $^ $(WORKER_LIBS) -o $@
# Unit tests link only the layer they name: graphql_*, admission_* (what is below HTTP), bridge_*, worker_*,
# else the pure cores.
$(BUILD)/libcore.a: $(CORE_SRCS:%.c=$(BUILD)/%.o)
$(BUILD)/libgraphql.a: $(patsubst %.c,$(BUILD)/%.o,$(wildcard bridge/graphql/*.c bridge/base/*.c) $(CORE_SRCS))
$(BUILD)/libbridge.a: $(filter-out $(BRIDGE_MAIN),$(BRIDGE_OBJS))
$(BUILD)/libadmission.a: $(filter-out $(patsubst %.c,$(BUILD)/%.o,$(wildcard bridge/*.c bridge/http/*.c bridge/media/*.c bridge/sse/*.c bridge/ws/*.c bridge/api/*.c)),$(BRIDGE_OBJS))
$(BUILD)/libworker.a: $(filter-out $(BUILD)/bridge/worker_main.o,$(WORKER_OBJS))
$(BUILD)/lib%.a:
	rm -f $@ && ar rcs $@ $^
unit_lib = $(BUILD)/lib$(or $(filter graphql admission bridge worker,$(firstword $(subst _, ,$(notdir $(1))))),core).a
UNIT_LIBS_jwt_peer_test = -ljwt
UNIT_LIBS_bridge_coding_test = -lbrotlidec
UNIT_LIBS_worker_message_test = -lcurl
UNIT_LIBS_worker_child_test = -lcurl
UNIT_LIBS_worker_archive_test = -larchive
UNIT_LIBS_worker_archive_fuzz = -larchive
.SECONDEXPANSION:
$(BUILD)/test/unit/%: test/unit/%.c $$(call unit_lib,$$*)
	@mkdir -p $(@D)
	$(BRIDGE_CC) $(BRIDGE_FLAGS) -Itest/unit $< $(call unit_lib,$*) $(BRIDGE_LIBS) $(UNIT_LIBS_$*) -o $@
$(BUILD)/test/fuzz/%: test/fuzz/%.c $$(call unit_lib,$$*)
	@mkdir -p $(@D)
	$(BRIDGE_CC) $(BRIDGE_FLAGS) -fsanitize=fuzzer $< $(call unit_lib,$*) $(BRIDGE_LIBS) $(UNIT_LIBS_$*) -o $@
.PRECIOUS: $(BUILD)/%.o
-include $(sort $(BRIDGE_OBJS:.o=.d) $(WORKER_OBJS:.o=.d))

# The reference of routes and fields, made from the rows that serve them; test/lint compares.
.PHONY: reference
reference: $(BRIDGE_BIN)
	$(BRIDGE_BIN) --reference > bridge/REFERENCE.md

# The schema that clients may rely on from now on; test/unit/graphql_snapshot.t compares.
.PHONY: snapshot
snapshot: $(BRIDGE_BIN)
	$(BRIDGE_BIN) --print-schema > bridge/schema.graphql

# The types of the module for events, for who writes TypeScript; test/http/realtime.t compares.
.PHONY: types
types:
	node test/npm/node_modules/typescript/bin/tsc -p bridge/web/realtime --noEmit false --declaration --emitDeclarationOnly --outDir $(BUILD)/types
	cp $(BUILD)/types/realtime.d.ts bridge/web/realtime/

# ---- commands -------------------------------------------------------------------------------
FUZZ_SECONDS ?= 60

deps:
	@docker/install-packages run test browser live operate load s3 bench
help:
	@sed -n '2,/^$$/s/^# \{0,1\}//p' Makefile
	@docker/instance help | sed -n '/^Variables/,$$p'
run up down restart status purge:
	@docker/instance $@
test:
	@test/run $(TESTS)
asan:
	@VARIANT=asan test/run test/unit test/http
tsan:
	@TSAN_OPTIONS="halt_on_error=1 $(TSAN_OPTIONS)" VARIANT=tsan test/run $(or $(TESTS),test/http)
# The extension's C under memcheck; slow.
valgrind:
	@test/valgrind $(TESTS)
fuzz:
	@test/fuzz/run $(FUZZ_SECONDS)
# The two commands of the README, on a Debian that has nothing of ours (needs root).
fresh:
	@test/fresh/run $(FRESH)
# The same tests on each Debian that serves: other servers, other libraries (needs root).
matrix:
	@test/fresh/matrix $(MATRIX)
# docker/Dockerfile and docker/compose.yml, without a container engine (needs root).
images:
	@test/fresh/images $(IMAGES)
# Against the installed extension in a running server (PGHOST, PGPORT, PGUSER say which).
installcheck:
	@test/installcheck
lint:
	@test/lint
bench:
	@bench/run $(BENCH)
# The users of a social network (test/load/locustfile.py) against an instance of its own.
load:
	@test/load/run $(SCENARIO)
