package purchase_test

const helperRole = "AUTX_PURCHASE_TEST_ROLE"

func runHelper(string) int { return 0 }
