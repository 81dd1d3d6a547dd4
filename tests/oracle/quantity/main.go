// SPDX-License-Identifier: Apache-2.0

// Command quantity prints random quantities and what apimachinery makes of each: text, canonical text or "!" and the error,
// thousandths; separated by tabs. quantity_driver.c reads that.
package main

import (
	"bufio"
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

var suffixes = []string{"", "", "", "n", "u", "m", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Mi", "Gi", "Ti", "Pi", "Ei",
	"e3", "e-3", "E6", "e+2", "e0", "e21", "e-12", "e", "i", "K", "mi", "kB", "Ki5", "-5", "e5k", " ", "e4294967299", "e-20"}

func digits(r *rand.Rand, most int) string {
	var b strings.Builder
	for n := r.Intn(most + 1); n > 0; n-- {
		b.WriteByte("0001234567890125"[r.Intn(16)])
	}
	return b.String()
}

func text(r *rand.Rand) string {
	most := []int{1, 3, 6, 12, 30}[r.Intn(5)]
	s := []string{"", "", "", "", "-", "+"}[r.Intn(6)] + digits(r, most)
	if r.Intn(3) == 0 {
		s += "." + digits(r, most)
	}
	s += suffixes[r.Intn(len(suffixes))]
	if r.Intn(200) == 0 {
		s = s + "x"
	}
	return s
}

func main() {
	count, _ := strconv.Atoi(os.Args[1])
	seed, _ := strconv.ParseInt(os.Args[2], 10, 64)
	r := rand.New(rand.NewSource(seed))
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for ; count > 0; count-- {
		s := text(r)
		q, err := resource.ParseQuantity(strings.TrimSpace(s))
		if err != nil {
			fmt.Fprintf(out, "%s\t!%v\t0\n", s, err)
			continue
		}
		fmt.Fprintf(out, "%s\t%s\t%d\n", s, q.String(), q.MilliValue())
	}
}
