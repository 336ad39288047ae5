# Praetor needs git, Node 20.19 or newer, and npm. Everything else is installed by the targets that need it.

bun := node_modules/.bin/bun
installed := node_modules/.installed

.PHONY: help run test build bench conformance record notice format clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The security services are looked for only when asked to; Ctrl-C is a graceful end here, not an error.
run: export EDGEX_SECURE ?= false
run: $(installed) ## Run a gateway's agent with EdgeX's definitions; data is kept in data/ (more: ARGS="-client 0.0.0.0")
	@exec $(bun) src/main.ts edgex -client 127.0.0.1 -data-dir data -hcl 'skip_leave_on_interrupt = false' $(ARGS)

test: $(installed) ## Run the whole gate: format, lint, types, unused code, architecture, all tests
	@scripts/ensure-debian-packages test
	@$(bun) scripts/gate/gate.ts $(STEPS)

build: $(installed) ## Build dist/praetor, one executable that needs neither Node nor Bun
	@$(bun) scripts/build.ts

bench: build ## Measure side by side with the real Consul (BENCH_SECONDS=1 for a quick look, ROWS="key-get" for some rows)
	@scripts/ensure-debian-packages bench
	@$(bun) bench/main.ts $(ROWS)

conformance: $(installed) ## Run the conformance tests against the real Consul
	@consul=$$(scripts/find-consul) && CONFORMANCE_TARGET=consul CONSUL_BINARY=$$consul $(bun) test ./test/conformance/

record: $(installed) ## Ask the real Consul again, and keep what it answers
	@consul=$$(scripts/find-consul) && CONFORMANCE_TARGET=consul CONSUL_BINARY=$$consul $(bun) test/conformance/dns/record.ts

notice: $(installed) ## Write NOTICE, the licences of what dist/praetor contains
	@$(bun) scripts/make-notice.ts

format: $(installed) ## Format every file
	@node_modules/.bin/oxfmt .

clean: ## Remove what was built and installed; data/ stays
	rm -rf dist node_modules

$(installed): package-lock.json
	@scripts/ensure-dependencies
