#pragma once

int AreaOfSquare(int side);
