#pragma once

int CountBits(unsigned number);
