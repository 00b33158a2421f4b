package bound

import (
	"fmt"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// Keys are the keys of one type of resource with which the plans of a walk go on. The zero value is ready for use.
type Keys struct {
	mu   sync.Mutex
	kept map[string]string
}

// Keep notes that a plan goes on with what was bought under a key, and refuses a second resource of the state that has the key. Resource is the type,
// such as autx_order, and noun what one is called.
func (k *Keys) Keep(resource, noun, key, id string) diag.Diagnostics {
	if key == "" {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	other := k.kept[key]
	if k.kept == nil {
		k.kept = map[string]string{}
	}
	k.kept[key] = id
	if other == "" {
		return nil
	}
	which := fmt.Sprintf("Two resources of the state, %ss %s and %s, have the idempotency_key %q, which names one purchase", noun, other, id, key)
	if id == other {
		which = fmt.Sprintf("Two resources of the state have the %s %s under the idempotency_key %q, and it was bought once", noun, id, key)
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("idempotency_key"), "One key for two resources", fmt.Sprintf(
		"%s: give one of them a key of its own, which buys another %s, or take it out of the state without a charge: terraform state rm %s.NAME (tofu "+
			"state rm with OpenTofu)."+PastTheError, which, noun, resource))}
}
