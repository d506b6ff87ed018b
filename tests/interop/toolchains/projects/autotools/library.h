#pragma once

void Reverse(char* text);
