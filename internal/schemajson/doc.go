// Package schemajson writes a provider's schema as the JSON that the CLI's "providers schema -json" prints, without a CLI.
//
// The provider is asked in this process over protocol 6. That serves the generated documentation, which thereby needs no CLI and no
// network and covers what an older CLI does not know (identities, list resources, actions), and the golden file that makes every change of the
// schema a conscious one.
package schemajson
