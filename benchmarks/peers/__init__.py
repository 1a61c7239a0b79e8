"""Other servers with the same engines behind them, each in its own file, for `benchmarks.goodput`,
and Synapse, for `benchmarks.chat`.

The former run in an environment of their own (`.venv-peers`, from `requirements.txt` here) and
answer `{"texts": [...]}` with `{"translations": [...]}`. PEER_ENGINE names the engine, PEER_PORT
the port.
"""
