module outrigger/tests/bench/api

go 1.25.0

require outrigger/tests/e2e v0.0.0

replace outrigger/tests/e2e => ../../e2e
