// Package gitops holds nothing but the tests of examples/gitops-budget: they run the example as a platform team would, with the built provider, the
// built mock server and each CLI, and hold its policy, its pipeline and its README to what they say.
//
// It is a module of its own, because the policy engine and the linter of pipelines that it uses would bring a hundred modules into the provider's.
package gitops
