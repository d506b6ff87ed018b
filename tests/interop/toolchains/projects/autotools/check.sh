test "$(./reverse)" = backwards
