package purchase

import "errors"

// mayHaveBeenCarriedOut tells whether the service may have acted on a request that failed with err. Only an error that says so itself, as the
// client's typed errors do, proves that nothing happened; any other error leaves it open.
func mayHaveBeenCarriedOut(err error) bool {
	if typed, ok := errors.AsType[interface {
		error
		MayHaveBeenCarriedOut() bool
	}](err); ok {
		return typed.MayHaveBeenCarriedOut()
	}
	return true
}
