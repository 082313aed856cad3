# What builds and runs containers, for test/fresh/images: the instructions of a Dockerfile on overlays, and
# services of a compose file in namespaces. Sourced, behind root.sh; in a mount namespace of its own.

# ---- the instructions of a Dockerfile, as `image.mjs plan` gives them ------------------------------
current= # the stage

stage() { # stage NAME BASE
	current=$work/stage/$1
	mkdir -p "$current" "$current.upper" "$current.work"
	case $2 in
		scratch) ;;
		debian:*-slim) mount -t overlay -o "lowerdir=$cache/slim-$(suite_of "$2"),upperdir=$current.upper,workdir=$current.work" overlay "$current" ;;
		*) die "no root for FROM $2" ;;
	esac
}
suite_of() { local suite=${1#debian:}; echo "${suite%-slim}"; }

copy() { # copy DIRECTORY FROM TARGET SOURCE...: FROM: a stage; empty: what is sent to the build
	local target=$3 from=$work/context source
	[ -z "$2" ] || from=$work/stage/$2
	case $target in /*) ;; *) target=$1/$target ;; esac
	for source in "${@:4}"; do
		[ -e "$from/$source" ] || die "COPY: there is no $source${2:+ in $2}"
		if [ -d "$from/$source" ]; then
			mkdir -p "$current/$target"
			cp -dR --preserve=mode,timestamps "$from/$source/." "$current/$target"
		else
			case $target in */) mkdir -p "$current/$target" ;; *) mkdir -p "$current/$(dirname "$target")" ;; esac
			cp -d --preserve=mode,timestamps "$from/$source" "$current/$target"
		fi
	done
}

run() { # run DIRECTORY COMMAND MOUNT...
	timed "$(basename "$current")" "RUN $2" unshare --mount --propagation private --pid --ipc --fork --kill-child \
		"$top/test/fresh/container" build "$current" "$work" "$@"
}

# ---- services, as `image.mjs services` gives them -------------------------------------------------
declare -A networks image user environment command health signal grace tmpfs shm volumes secrets files addresses hosts needs
declare -A holder_of pid_of
services=()

# The networks, and each service's place in them: as Docker's, switches with nothing behind them.
connect() {
	local name network address link=0
	mkdir -p /run/netns
	mount -t tmpfs tmpfs /run/netns
	for name in switch "${services[@]}"; do
		ip netns add "$name"
		ip -n "$name" link set lo up
	done
	for network in "${!networks[@]}"; do
		ip -n switch link add "$network" type bridge
		ip -n switch addr add "${networks[$network]}/24" dev "$network"
		ip -n switch link set "$network" up
	done
	for name in "${services[@]}"; do
		while read -r network address; do
			link=$((link + 1))
			ip link add "port$link" netns switch type veth peer name "$network" netns "$name"
			ip -n switch link set "port$link" master "$network" up
			ip -n "$name" addr add "$address/24" dev "$network"
			ip -n "$name" link set "$network" up
		done <<<"${addresses[$name]}"
	done
}

start() { # start SERVICE
	local name=$1 facts=$work/service/$1 argument deadline=$((SECONDS + 60)) words
	mkdir -p "$facts"
	# A list without members has no line.
	for argument in environment tmpfs volumes secrets; do
		local -n of=$argument
		printf '%s' "${of[$name]}${of[$name]:+$'\n'}" >"$facts/$argument"
	done
	echo "${shm[$name]}" >"$facts/shm"
	echo "${files[$name]}" >"$facts/files"
	echo "${user[$name]%:*}" >"$facts/uid"
	echo "${user[$name]#*:}" >"$facts/gid"
	printf '127.0.0.1 localhost\n%s\n' "${hosts[$name]}" >"$facts/hosts"
	: >"$facts/resolv.conf"
	mapfile -t words <<<"${command[$name]}"
	ip netns exec "$name" unshare --mount --pid --ipc --uts --fork --kill-child \
		"$top/test/fresh/container" serve "$work/stage/${image[$name]}" "$facts" "${words[@]}" </dev/null >>"$work/log/$name" 2>&1 &
	holder_of[$name]=$!
	until pid_of[$name]=$(cat "/proc/${holder_of[$name]}/task/${holder_of[$name]}/children") && pid_of[$name]=${pid_of[$name]% } &&
		[ -n "${pid_of[$name]}" ]; do
		runs "$name" && [ $SECONDS -lt $deadline ] || failed "$name does not start"
		sleep 0.05
	done 2>/dev/null
}
runs() { kill -0 "${holder_of[$1]}" 2>/dev/null; }

failed() { # failed WHAT: with the ends of all logs
	tail -n 15 "$work"/log/* >&2
	die "$@"
}

# inside SERVICE COMMAND...: what `docker exec` does
inside() {
	local name=$1 pid=${pid_of[$1]} words
	shift
	mapfile -t words < <(cat "$work/service/$name/environment")
	nsenter --target "$pid" --mount --net --pid --ipc --uts --root="/proc/$pid/root" --wd="/proc/$pid/root/" -- \
		/usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${words[@]}" \
		/usr/bin/setpriv --reuid "${user[$name]%:*}" --regid "${user[$name]#*:}" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all -- "$@"
}

is_healthy() {
	local words
	mapfile -t words <<<"${health[$1]}"
	inside "$1" "${words[@]}" >/dev/null 2>&1
}
healthy() { # healthy SERVICE: waits until it is
	local deadline=$((SECONDS + 300))
	until is_healthy "$1"; do
		runs "$1" || failed "$1 ended"
		[ $SECONDS -lt $deadline ] || failed "$1 is not healthy"
		sleep 0.1
	done
}

# stop SERVICE [SIGNAL]: sets `status`, fails where it takes longer than compose would wait
stop() {
	local deadline=$((SECONDS + ${grace[$1]}))
	kill -s "${2:-${signal[$1]}}" "${pid_of[$1]}"
	while runs "$1"; do
		[ $SECONDS -lt $deadline ] || failed "$1 does not end within ${grace[$1]} s"
		sleep 0.05
	done
	ended "$1"
}
until_ended() { # until_ended SERVICE: by itself, within a minute; sets `status`
	local deadline=$((SECONDS + 180))
	while runs "$1"; do
		[ $SECONDS -lt $deadline ] || failed "$1 does not end"
		sleep 0.05
	done
	ended "$1"
}
ended() {
	status=0
	wait "${holder_of[$1]}" 2>/dev/null || status=$?
	unset "holder_of[$1]" "pid_of[$1]"
}

up() { # all of them, each when what it needs is healthy
	local name need
	for name in "${services[@]}"; do
		for need in ${needs[$name]}; do healthy "$need"; done
		start "$name"
	done
	for name in "${services[@]}"; do healthy "$name"; done
}
down() { # in the other order; everybody ends well
	local at name
	for ((at = ${#services[@]} - 1; at >= 0; at--)); do
		name=${services[at]}
		stop "$name"
		[ $status -eq 0 ] || failed "$name ended with status $status"
	done
}
