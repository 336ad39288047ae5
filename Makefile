# Praetor needs git, Node 20.19 or newer, and npm. Everything else is installed by the targets that need it.

bun := node_modules/.bin/bun
installed := node_modules/.installed

.PHONY: help run check test test-packages fault build release deb image npm-package bench growth conformance record pictures schemas museum notice format clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Redis and the security services are looked for only when asked to; Ctrl-C is a graceful end here, not an error.
run: export EDGEX_DB ?= none
run: export EDGEX_SECURE ?= false
run: $(installed) ## Run a gateway's agent with EdgeX's definitions; data is kept in data/ (more: ARGS="-client 0.0.0.0")
	@exec $(bun) src/main.ts edgex -client 127.0.0.1 -data-dir data -hcl 'skip_leave_on_interrupt = false' $(ARGS)

check: $(installed) ## Run what a change is tried with most: format, lint, types, unused code, architecture, unit tests
	@$(bun) scripts/gate/gate.ts format lint types unused notice tests:test/architecture tests:src tests:scripts tests:bench tests:web

test: $(installed) ## Run the whole gate: format, lint, types, unused code, architecture, all tests
	@$(bun) scripts/gate/gate.ts $(STEPS)

# The images are built first. Each test says what it needs of the machine.
test-packages: image ## Build and try what is released: executables, Debian packages, archives, images, compose files, Ansible (needs root; takes up to an hour)
	@[ "$$(id -u)" = 0 ] || { echo 'make test-packages needs root: it makes namespaces and mounts for containers' >&2; exit 1; }
	@scripts/ensure-debian-packages packages
	@$(bun) test --only-failures ./test/packages/

fault: $(installed) ## Try for hours what make test tries for minutes: power cuts, kills, full disks, hostile input, load (PROOF=power-cut for one)
	@scripts/ensure-debian-packages test
	@$(bun) scripts/fault/fault.ts $(PROOF)

build: $(installed) ## Build dist/praetor, one executable that needs neither Node nor Bun
	@$(bun) scripts/build.ts

release: $(installed) ## Build dist/release: executables and archives for each kind of machine, with checksums and bill of materials (TARGETS="linux-arm64" for some)
	@$(bun) scripts/release/release.ts $(TARGETS)

deb: $(installed) ## Build the Debian packages for both processors into dist/
	@scripts/ensure-debian-packages deb
	@$(bun) scripts/release/deb.ts $(TARGETS)

image: $(installed) ## Build dist/praetor-slim.tar and dist/praetor-edgex.tar, container images for amd64 and arm64 (ARCH=amd64 for one)
	@scripts/ensure-debian-packages image
	@$(bun) scripts/image/build.ts $(ARCH)

npm-package: $(installed) ## Build dist/npm, the published package of the clients
	@$(bun) scripts/npm-package/build.ts

bench: build ## Measure side by side with the real Consul (BENCH_SECONDS=1 for a quick look, ROWS="key-get dns" for some rows or groups)
	@scripts/ensure-debian-packages bench
	@$(bun) bench/main.ts $(ROWS)

growth: build ## Measure how cost grows with 1,000 to 100,000 services, here and in Consul (GROWTH_SIZES="1000 10000" for a quick look)
	@scripts/ensure-debian-packages bench
	@$(bun) bench/growth.ts $(ROWS)

# The recorded answers are fetched anew: what has changed is told, and Praetor compared with what Consul says now.
conformance: $(installed) ## Run the conformance tests against the real Consul, compare Praetor with it, and run its command line against Praetor
	@consul=$$(scripts/find-consul) && export CONSUL_BINARY=$$consul && answers=$$(mktemp -d) && trap 'rm -rf "$$answers"' EXIT && \
	CONFORMANCE_TARGET=consul $(bun) test ./test/conformance/*.test.ts ./test/conformance/dns/ ./test/conformance/command-line/ ./test/conformance/address-templates/namespace.test.ts ./test/e2e/npm-consul-*.test.ts ./test/e2e/client-package.test.ts && \
	CONFORMANCE_TARGET=consul CLIENT=consul $(bun) test ./test/conformance/command-line/ && \
	CONFORMANCE_TARGET=consul $(bun) test/conformance/recorded/record.ts $$answers && \
	RECORDED_ANSWERS=$$answers $(bun) test --only-failures ./test/conformance/recorded/ && \
	CLIENT=consul $(bun) test ./test/conformance/command-line/

record: $(installed) ## Keep what the real Consul answers now (SCRIPTS="kv txn" for some recorded scripts only)
	@consul=$$(scripts/find-consul) && export CONFORMANCE_TARGET=consul CONSUL_BINARY=$$consul && \
	$(bun) test/conformance/recorded/record.ts test/conformance/recorded/answers $(SCRIPTS) && \
	{ [ -n "$(SCRIPTS)" ] || { $(bun) test/conformance/dns/record.ts && $(bun) test/conformance/check-urls/record.ts && \
	$(bun) test/conformance/configuration/record.ts && $(bun) test/conformance/address-templates/record.ts && $(bun) test/conformance/acl-rules/record.ts && \
	unshare -rn sh -c 'ip link set lo up && exec $(bun) test/conformance/environment/record.ts'; }; }

pictures: $(installed) ## Take the pictures of docs/ui.md anew, from an agent with an EdgeX gateway's services
	@scripts/ensure-debian-packages test
	@$(bun) scripts/take-pictures.ts

museum: $(installed) ## Add the data folder of this version to test/museum, once for each release
	@$(bun) scripts/make-museum.ts

schemas: $(installed) ## Write docs/openapi.json, which describes the HTTP API, and docs/config.schema.json, for configuration files
	@$(bun) scripts/make-schemas.ts

notice: $(installed) ## Write NOTICE, the licences of what dist/praetor contains
	@$(bun) scripts/make-notice.ts

format: $(installed) ## Format every file
	@node_modules/.bin/oxfmt .

clean: ## Remove what was built and installed; data/ stays
	rm -rf dist node_modules

$(installed): package-lock.json
	@scripts/ensure-dependencies
