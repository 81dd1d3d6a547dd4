module outrigger/tests/e2e

go 1.25.0
