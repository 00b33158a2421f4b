// Terraform-provider-autx serves the AUTX provider to Terraform and OpenTofu.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/autx-ai/terraform-provider-autx/internal/provider"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
	"github.com/autx-ai/terraform-provider-autx/internal/tuning"
)

// version is set by the release build.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "serve for a debugger: print how to attach, and keep running")
	flag.Parse()

	// A SIGTERM to the process group, or the SIGHUP of a closed terminal, reaches the CLI as well. Dying of it here would cut a request that
	// moves money in the middle; the CLI stops the provider in good order, and an orphan finishes its request. So does SIGPIPE not end an orphan
	// that logs to its dead CLI.
	signal.Ignore(syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	go purchase.WhenOrphaned(context.Background(), func() { os.Exit(0) })

	var options []tf6server.ServeOpt
	if *debug {
		options = append(options, tf6server.WithManagedDebug())
	} else {
		if err := tuning.Apply(); err != nil {
			log.Fatal(err)
		}
	}
	if err := tuning.Serve("registry.terraform.io/autx-ai/autx", provider.New(version), options...); err != nil {
		log.Fatal(err)
	}
}
