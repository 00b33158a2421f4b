// Package faultmatrix has only tests: whatever can be bought, combined with whatever can go wrong with the request and however a run can end in the
// middle of it, through a real command line. In every combination the service has charged exactly once in the end, or not at all where it refused.
package faultmatrix
