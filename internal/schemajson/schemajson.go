package schemajson

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// formatVersion is the version of the CLI's JSON format that is written here.
const formatVersion = "1.0"

// FromProvider returns the schema of everything the provider offers. It fails when the provider reports an error for its schema, which the
// plugin framework does for invalid definitions.
func FromProvider(ctx context.Context, p provider.Provider) (*tfjson.ProviderSchema, error) {
	server, err := providerserver.NewProtocol6WithError(p)()
	if err != nil {
		return nil, fmt.Errorf("serve the provider: %w", err)
	}

	return FromServer(ctx, server)
}

// FromServer returns the schema of everything the provider behind a protocol 6 server offers.
func FromServer(ctx context.Context, server tfprotov6.ProviderServer) (*tfjson.ProviderSchema, error) {
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, fmt.Errorf("ask for the provider schema: %w", err)
	}
	if err := diagnosticsError(schemas.Diagnostics); err != nil {
		return nil, fmt.Errorf("the provider schema is invalid: %w", err)
	}

	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return nil, fmt.Errorf("ask for the resource identities: %w", err)
	}
	if err := diagnosticsError(identities.Diagnostics); err != nil {
		return nil, fmt.Errorf("the resource identities are invalid: %w", err)
	}

	return convert(schemas, identities)
}

// Write writes the schema as one indented JSON document that knows the provider under the given name. The output for equal schemas is equal
// byte by byte.
func Write(w io.Writer, name string, schema *tfjson.ProviderSchema) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	document := tfjson.ProviderSchemas{
		FormatVersion: formatVersion,
		Schemas:       map[string]*tfjson.ProviderSchema{name: schema},
	}
	if err := encoder.Encode(document); err != nil {
		return fmt.Errorf("write the provider schema: %w", err)
	}

	return nil
}

// diagnosticsError joins the errors among the diagnostics, or returns nil when there are none.
func diagnosticsError(diagnostics []*tfprotov6.Diagnostic) error {
	var errs []error
	for _, diagnostic := range diagnostics {
		if diagnostic.Severity == tfprotov6.DiagnosticSeverityError {
			errs = append(errs, fmt.Errorf("%s: %s", diagnostic.Summary, diagnostic.Detail))
		}
	}

	return errors.Join(errs...)
}
