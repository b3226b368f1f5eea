/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAQTA_H
#define SAQTA_H

/** Everything that is promised. saqta/tool.h, which serves the command line, is not. */
#include "saqta/audit.h"
#include "saqta/document.h"
#include "saqta/engine.h"
#include "saqta/error.h"
#include "saqta/keys.h"
#include "saqta/policy.h"
#include "saqta/witness.h"

#endif
