#ifndef EVCHAT_H
#define EVCHAT_H

/**
 * @file evchat.h
 * The whole of libevchat: protocol framing for libevent.
 *
 * Each of the headers below stands alone as well.
 */

#include <evchat/channel.h>
#include <evchat/connect.h>
#include <evchat/framing.h>
#include <evchat/group.h>
#include <evchat/layer.h>
#include <evchat/listener.h>
#include <evchat/producer.h>
#include <evchat/version.h>

#endif
