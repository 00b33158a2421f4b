// Package credit is the account's prepaid credits: what moves money in and out, what keeps the balance up, and what reads both.
//
// A deposit and a withdrawal are the same thing in two directions: money moved once under a key (movement*.go). AUTX answers either with the
// balance after it and never says which entry of its ledger it has become, so the entry is looked up: what is new against the ledger as it was
// before (ledger.go). That only works while one movement is made at a time, which walk.go sees to. A floor (floor*.go) is no object of AUTX: it
// compares the live balance with what the configuration wants, and deposits what is missing where that is wanted too.
package credit
