module outrigger/tests/oracle/unicode

go 1.26
