// The settings whose every state is looked at by queue_model_test; and larger ones, for a machine with time.
#ifndef LOOKOUT_EVENTS_MODEL_SETTINGS_H_
#define LOOKOUT_EVENTS_MODEL_SETTINGS_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "lookout/events/model/setting.h"

namespace lookout::queue_model {

std::vector<Setting> Settings();
std::vector<Setting> DeepSettings();

// The one of Settings() that has this name.
Setting SettingNamed(absl::string_view name);

}  // namespace lookout::queue_model

#endif  // LOOKOUT_EVENTS_MODEL_SETTINGS_H_
