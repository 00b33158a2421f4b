// Command cmd writes the schema of this provider to stdout, as the CLI's "providers schema -json" does, for the documentation generator.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/autx-ai/terraform-provider-autx/internal/provider"
	"github.com/autx-ai/terraform-provider-autx/internal/schemajson"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run names the provider "autx": the documentation generator looks it up by its short name.
func run(ctx context.Context, out io.Writer) error {
	schema, err := schemajson.FromProvider(ctx, provider.New("docs")())
	if err != nil {
		return err
	}

	return schemajson.Write(out, "autx", schema)
}
