// Autx-mockserver serves a mock of AUTX, or runs a command against one.
package main

import (
	"os"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver/program"
)

func main() {
	os.Exit(program.Main(os.Args[1:], program.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
