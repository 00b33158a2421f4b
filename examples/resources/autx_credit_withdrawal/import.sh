terraform import autx_credit_withdrawal.october 9f86d081-884c-4d65-9a2f-eaa0c55ad015
